package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"loa/agent/layout/picture"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/viet"
	"loa/scripts/authority"
	"loa/scripts/loactl/source"
)

// compose reads a document that a person wrote, fills in what a person should
// not have to write (digests, lengths, the head), and checks it exactly as a box
// will. It returns a pointer to the document. Mistakes come out as file:line.
func (a *app) compose(au *authority.Authority, kind plan.Kind, name string) (any, error) {
	f, err := source.Read(name)
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"format", "kind", "issued"} {
		delete(f.Tree, key) // an old document taken as a pattern
	}
	switch kind {
	case plan.KindBulletin:
		setDefault(f.Tree, "class", "normal")
		setDefault(f.Tree, "origin", "own")
		setDefault(f.Tree, "lang", "vi")
		err = errors.Join(a.fillAudio(au, f), a.fillPictures(f, func(file string) (string, int64, error) { return keepMedia(au, file) }))
	case plan.KindSchedule:
		setDefault(f.Tree, "zone", "+07:00")
		err = a.fillRefs(au, f)
	case plan.KindPolicy:
		setDefault(f.Tree, "zone", "+07:00")
	}
	if err != nil {
		return nil, err
	}
	doc, err := a.decode(f, kind)
	if err != nil {
		return nil, err
	}
	if err := au.Registered(head(doc).Place); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	switch d := doc.(type) {
	case *plan.Bulletin:
		a.proofread(f.Name, d)
		for _, why := range a.unwanted(au, d) {
			a.note("proof", f.Name, why)
		}
		a.misfits(au, f.Name, d.Place, d)
	case *plan.Policy:
		var shown plan.Bulletin
		for _, p := range d.DefaultPages {
			shown.Pages = append(shown.Pages, p.Page)
		}
		a.misfits(au, f.Name, d.Place, &shown)
	}
	return doc, nil
}

// unwanted says which words of a bulletin the policies that hold at its place forbid:
// its boxes will refuse it.
func (a *app) unwanted(au *authority.Authority, b *plan.Bulletin) (all []string) {
	p, err := a.rehearse(au, b.Place, nil, false)
	if err != nil {
		return nil // that there is no such place is told when it is signed
	}
	for _, u := range policy.UnwantedIn(slices.Collect(maps.Values(p.Policies)), b, a.now()) {
		all = append(all, a.text("proof.unwanted", u.Words, u.Place))
	}
	slices.Sort(all)
	return all
}

// decode makes a document out of a tree, with the strictness of a box.
func (a *app) decode(f *source.File, kind plan.Kind) (any, error) {
	f.Tree["format"] = 1
	f.Tree["kind"] = string(kind)
	f.Tree["issued"] = a.now().UTC().Format(time.RFC3339)
	var payload bytes.Buffer
	enc := json.NewEncoder(&payload)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f.Tree); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	doc, err := message.Decode(kind, bytes.TrimSpace(payload.Bytes()))
	if err != nil {
		var bad *plan.Error
		if errors.As(err, &bad) {
			all := []error{f.At(bad.Field, "%s", a.particulars(bad))}
			for _, m := range bad.More {
				all = append(all, f.At(m.Field, "%s", a.particulars(m)))
			}
			return nil, errors.Join(all...)
		}
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	switch d := doc.(type) {
	case plan.Bulletin:
		return &d, nil
	case plan.Schedule:
		return &d, nil
	case plan.Policy:
		return &d, nil
	case plan.Triggers:
		return &d, nil
	case plan.AlertSet:
		return &d, nil
	}
	return nil, fmt.Errorf("%s: %s", f.Name, a.text("document.other", string(kind)))
}

func setDefault(tree map[string]any, key string, v any) {
	if _, ok := tree[key]; !ok {
		tree[key] = v
	}
}

// fillAudio turns `file = "x.mp3"` in a bulletin's audio into what boxes need:
// the digest they fetch it by, its size, type and length. The recording is put
// into the media server's folder, and how loud it is into the bulletin.
func (a *app) fillAudio(au *authority.Authority, f *source.File) error {
	list, ok := f.Tree["audio"].([]any)
	if !ok {
		return nil // absent, or wrong in a way that decoding will explain
	}
	var loudness []float64
	for i, e := range list {
		entry, ok := e.(map[string]any)
		if !ok {
			continue
		}
		file, ok := entry["file"].(string)
		if !ok {
			continue
		}
		at := fmt.Sprintf("audio[%d].file", i)
		if err := a.sameText(f, entry, at); err != nil {
			return err
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(f.Name), file)
		}
		r, err := measure(a.ctx, file)
		if err != nil {
			return f.At(at, "%s", a.explain(err))
		}
		if r.SHA256, r.Bytes, err = keepMedia(au, file); err != nil {
			return f.At(at, "%s", a.explain(err))
		}
		delete(entry, "file")
		entry["sha256"], entry["bytes"], entry["type"], entry["duration_ms"] = r.SHA256, r.Bytes, r.Type, r.Duration.Milliseconds()
		loudness = append(loudness, r.LUFS)
	}
	// One number stands for the whole bulletin; where its recordings differ the
	// box measures each.
	if same(loudness) && len(loudness) == len(list) {
		setDefault(f.Tree, "loudness_lufs", round(loudness[0]))
	}
	return nil
}

func same(l []float64) bool {
	for _, x := range l {
		if x-l[0] > 0.5 || l[0]-x > 0.5 {
			return false
		}
	}
	return len(l) > 0
}

// fillPictures turns `file = "x.png"` in a bulletin's pages into what boxes need;
// keep puts it where they fetch it.
func (a *app) fillPictures(f *source.File, keep func(file string) (sha256 string, size int64, err error)) error {
	list, _ := f.Tree["pages"].([]any)
	for i, e := range list {
		entry, _ := e.(map[string]any)
		file, ok := entry["file"].(string)
		if !ok {
			continue
		}
		at := fmt.Sprintf("pages[%d].file", i)
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(f.Name), file)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return f.At(at, "%s", a.explain(err))
		}
		p, err := picture.Open(data, picture.Limits{Bytes: plan.MaxImageBytes})
		if err != nil {
			return f.At(at, "%s", a.explain(err))
		}
		sum, size, err := keep(file)
		if err != nil {
			return f.At(at, "%s", a.explain(err))
		}
		delete(entry, "file")
		entry["image"], entry["bytes"], entry["type"] = sum, size, "image/"+p.Format
	}
	return nil
}

// proofread tells what is not right with the letters of a bulletin: what a board
// would show as boxes, and text from before Unicode, with what it should be.
func (a *app) proofread(name string, b *plan.Bulletin) {
	texts := []string{b.Title, b.Text, b.Ticker}
	for _, p := range b.Pages {
		texts = append(texts, p.Text)
	}
	for _, text := range texts {
		for _, f := range viet.Check(text) {
			say := f.EN
			if a.lang == "vi" {
				say = f.VI
			}
			if f.Line > 0 {
				say = a.text("proof.at", f.Line, f.Column, say)
			}
			a.note("proof", name, say)
			if f.Offer != "" {
				a.note("proof.offer", f.Offer)
			}
		}
	}
}

// fillRefs pins every bulletin that a schedule names to the content it has now,
// and lets `bulletin = "id"` stand for the whole reference.
func (a *app) fillRefs(au *authority.Authority, f *source.File) error {
	place, _ := f.Tree["place"].(string)
	slots, _ := f.Tree["slots"].([]any)
	for i, s := range slots {
		slot, _ := s.(map[string]any)
		items, _ := slot["items"].([]any)
		for j, it := range items {
			item, _ := it.(map[string]any)
			at := fmt.Sprintf("slots[%d].items[%d]", i, j)
			if err := a.fillItem(au, f, at, place, item); err != nil {
				return err
			}
		}
	}
	order, _ := f.Tree["order"].([]any)
	for _, o := range order {
		if ref, ok := o.(map[string]any); ok {
			setDefault(ref, "kind", string(plan.KindBulletin))
			setDefault(ref, "sha256", "")
		}
	}
	return nil
}

func (a *app) fillItem(au *authority.Authority, f *source.File, at, place string, item map[string]any) error {
	if id, ok := item["bulletin"].(string); ok {
		ref := map[string]any{"id": id}
		if p, ok := item["place"].(string); ok {
			ref["place"] = p
			delete(item, "place")
		}
		delete(item, "bulletin")
		item["ref"] = ref
	}
	ref, ok := item["ref"].(map[string]any)
	if !ok {
		return nil
	}
	setDefault(ref, "kind", string(plan.KindBulletin))
	if _, ok := ref["sha256"]; ok {
		return nil
	}
	id, _ := ref["id"].(string)
	if p, ok := ref["place"].(string); ok {
		place = p
	}
	is, err := a.findSigned(au, plan.KindBulletin, place+"/"+id)
	if err != nil {
		return f.At(at, "%s", a.text("schedule.unsigned", place+"/"+id))
	}
	ref["sha256"] = is.SHA256
	return nil
}

// pretty is JSON for reading.
func pretty(raw []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}
