package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"

	qr "github.com/piglig/go-qr"

	"loa/scripts/authority"
)

//go:embed paper.html
var paperHTML string

// A sheet is a key on paper.
type sheet struct {
	Authority, Person, Key, Date string
	Lines                        []string
	QR                           template.HTML // the lines, for who has a scanner
}

// keyPaper writes a person's sealed key to be printed.
func (a *app) keyPaper(args []string) error {
	fs := a.flags("key paper")
	out := fs.String("out", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	name := rest[0]
	lines, err := au.PaperKey(name)
	if err != nil {
		return err
	}
	if *out == "" {
		return a.show(map[string]any{"person": name, "lines": lines}, func(w io.Writer) { fmt.Fprintln(w, strings.Join(lines, "\n")) })
	}
	page := fmt.Sprintf("# Khóa của %s, %s, ngày %s\n", name, au.Name(), a.now().In(vietnam).Format("02/01/2006")) + strings.Join(lines, "\n") + "\n"
	if ext := filepath.Ext(*out); ext == ".html" || ext == ".htm" {
		if page, err = a.sheet(au, name, lines); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(*out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(page)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return a.say(map[string]any{"person": name, "file": *out, "lines": lines}, "key.paper", name, *out)
}

func (a *app) sheet(au *authority.Authority, name string, lines []string) (string, error) {
	code, err := qr.EncodeText(strings.Join(lines, "\n"), qr.Medium)
	if err != nil {
		return "", fmt.Errorf("QR: %w", err)
	}
	svg, err := code.ToSVGBytes(qr.NewQrCodeImgConfig(4, 4))
	if err != nil {
		return "", fmt.Errorf("QR: %w", err)
	}
	page, err := template.New("paper").Parse(paperHTML)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = page.Execute(&b, sheet{
		Authority: au.Name(), Person: name, Key: au.People()[name].Key, Date: a.now().In(vietnam).Format("02/01/2006"),
		Lines: lines, QR: template.HTML(svg),
	})
	return b.String(), err
}

// keyRestorePaper takes in a key that was typed back.
func (a *app) keyRestorePaper(args []string) error {
	rest, err := a.parse(a.flags("key restore-paper"), args, 1, 1)
	if err != nil {
		return err
	}
	data, err := a.typedKey(rest[0])
	if err != nil {
		return err
	}
	return a.takeKey(data)
}

// typedKey reads the lines of a paper from a file; "-" is what is typed now.
func (a *app) typedKey(name string) ([]byte, error) {
	var typed []byte
	var err error
	if name == "-" {
		a.note("key.type")
		typed, err = io.ReadAll(io.LimitReader(a.in, 1<<16))
	} else {
		typed, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(typed)) {
		if !strings.HasPrefix(line, "#") { // the heading of a sheet
			lines = append(lines, line)
		}
	}
	return authority.FromPaper(strings.Join(lines, ""))
}
