package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"os"
	"slices"

	qr "github.com/piglig/go-qr"

	"loa/scripts/loactl/web"
)

//go:embed poster.html
var posterHTML string

// A poster is stuck on a pole: who scans it is on the page of that box.
type poster struct {
	Name, Place, URL string
	QR               template.HTML
}

// boxPoster writes the codes for the poles of a place, or of one box, to be printed.
func (a *app) boxPoster(args []string) error {
	fs := a.flags("box poster")
	out := fs.String("out", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *out == "" {
		return &usageError{a.text("poster.out")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	set, err := web.Load(au.Dir())
	if err != nil {
		return err
	}
	if set.URL == "" {
		return errors.New(a.text("poster.url"))
	}
	h, err := a.target(au, rest[0])
	if err != nil {
		return err
	}
	book, now := au.Book(), a.now()
	var all []poster
	for _, device := range sortedKeys(au.Boxes()) {
		at, ok := book.Of(device, now)
		if !ok || h.Device != "" && device != h.Device || h.Place != "" && at != h.Place && !slices.Contains(book.Above(at, now), h.Place) {
			continue
		}
		f, _ := book.At(at, now)
		p := poster{Name: au.Boxes()[device].Name, Place: f.Name, URL: set.URL + "/o/" + device}
		code, err := qr.EncodeText(p.URL, qr.Medium)
		if err != nil {
			return fmt.Errorf("QR: %w", err)
		}
		svg, err := code.ToSVGBytes(qr.NewQrCodeImgConfig(4, 4))
		if err != nil {
			return fmt.Errorf("QR: %w", err)
		}
		p.QR = template.HTML(svg)
		all = append(all, p)
	}
	if len(all) == 0 {
		return errors.New(a.text("poster.none", rest[0]))
	}
	page, err := template.New("poster").Parse(posterHTML)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page.Execute(&b, all); err != nil {
		return err
	}
	if err := os.WriteFile(*out, b.Bytes(), 0o644); err != nil {
		return err
	}
	return a.say(map[string]any{"file": *out, "boxes": len(all)}, "poster.made", len(all), *out)
}
