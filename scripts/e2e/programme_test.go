package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/agent/decode"
	"loa/agent/sound"
	"loa/scripts/mediaserver"
)

// bulletin signs a recording as the place's bulletin; unheard, one to which
// nobody has listened, as loactl would.
func (s *stage) bulletin(ts *testscript.TestScript, args []string) error {
	if len(args) == 2 {
		args = append(args, "normal")
	}
	if len(args) != 3 {
		return usage(args)
	}
	id, class := args[0], args[2]
	audio := fmt.Sprintf("file = %q", filepath.Join(recordings, args[1]))
	if class == "unheard" {
		var err error
		if audio, err = s.unheard(args[1]); err != nil {
			return err
		}
		class = "normal"
	}
	place, signers := s.place, s.signer
	if class == "emergency" {
		place, signers = province, province+"-1,"+province+"-2"
	}
	draft := ts.MkAbs("bulletin-" + id + ".toml")
	if err := os.WriteFile(draft, fmt.Appendf(nil, `id = %q
place = %q
class = %q
title = "Tin %s"
valid_until = %s
[[audio]]
%s
lang = "vi"
`, id, place, class, id, until(), audio), 0o600); err != nil {
		return err
	}
	if err := ts.Exec("loactl", "bulletin", "sign", draft, "--as", signers); err != nil {
		return err
	}
	shown, err := s.loactl("bulletin", "show", place+"/"+id, "--json")
	if err != nil {
		return err
	}
	var doc struct {
		Document struct{ Audio []struct{ SHA256 string } }
	}
	if err := json.Unmarshal(shown, &doc); err != nil || len(doc.Document.Audio) != 1 {
		return fmt.Errorf("loactl bulletin show: %s: %w", shown, err)
	}
	s.digest[id] = doc.Document.Audio[0].SHA256
	return nil
}

// unheard puts a recording onto the media server and gives what a document says of
// it, but how loud it is: whoever signs with another tool need not know.
func (s *stage) unheard(name string) (audio string, err error) {
	f, err := os.Open(filepath.Join(recordings, name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := decode.Probe(context.Background(), f, "")
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return "", err
	}
	sum, size, err := mediaserver.Add(s.au.MediaDir(), f)
	return fmt.Sprintf("sha256 = %q\nbytes = %d\ntype = %q\nduration_ms = %d", sum, size, info.Type, info.Duration.Milliseconds()), err
}

// schedule signs one slot of bulletins and chimes, a second apart.
func (s *stage) schedule(ts *testscript.TestScript, args []string) error {
	if len(args) < 3 {
		return usage(args)
	}
	in, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	s.slot = time.Now().Add(in).Truncate(time.Second).Add(time.Second)
	var items strings.Builder
	sure, drill := false, ""
	for _, item := range args[2:] {
		key := "bulletin"
		if item == "--yes" {
			sure = true
			continue
		}
		if way, ok := strings.CutPrefix(item, "drill="); ok {
			drill = fmt.Sprintf("drill = %q", way)
			continue
		}
		if strings.HasPrefix(item, "https://") {
			fmt.Fprintf(&items, "\t{ relay = { urls = [%q], title = \"Tiếp sóng\", class = \"normal\", origin = \"higher\", lang = \"vi\" } },\n", item)
			continue
		}
		if _, ok := sound.ChimeLength(item); ok {
			key = "chime"
		}
		fmt.Fprintf(&items, "\t{ %s = %q },\n", key, item)
	}
	draft := ts.MkAbs("schedule-" + args[0] + ".toml")
	if err := os.WriteFile(draft, fmt.Appendf(nil, `id = %q
place = %q
zone = %q
valid_until = %s
[[slots]]
id = "s1"
at = [%q]
for_s = 120
gap_s = 1
%s
items = [
%s]
`, args[0], s.place, s.zone, until(), s.clockAt(s.slot), drill, items.String()), 0o600); err != nil {
		return err
	}
	line := []string{"schedule", "sign", draft, "--as", s.signer}
	if sure {
		line = append(line, "--yes")
	}
	return ts.Exec("loactl", line...)
}

// sleep waits until a moment of the slot.
func (s *stage) sleep(_ *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return usage(args)
	}
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	time.Sleep(time.Until(s.slot.Add(d)))
	return nil
}

// ahead compares what loactl foretells for the box with what the box does.
func (s *stage) ahead(ts *testscript.TestScript, args []string) error {
	if len(args) > 0 {
		return usage(args)
	}
	type line struct {
		At     time.Time `json:"at"`
		Until  time.Time `json:"until"`
		ID     string    `json:"id"`
		Title  string    `json:"title"`
		Class  string    `json:"class"`
		Sounds bool      `json:"sounds"`
		Volume int       `json:"volume_percent"`
	}
	var theirs []line
	out, err := s.loactl("ahead", device, "--hours", "24", "--json")
	if err == nil {
		err = json.Unmarshal(out, &theirs)
	}
	if err != nil {
		return err
	}
	var box struct{ Data []line }
	if err := s.box.data("next 24h", &box); err != nil {
		return err
	}
	if len(theirs) == 0 || len(theirs) != len(box.Data) {
		return fmt.Errorf("loactl foretells %d lines, the box %d", len(theirs), len(box.Data))
	}
	for i, a := range theirs {
		b := box.Data[i]
		if !a.At.Equal(b.At) || !a.Until.Equal(b.Until) {
			return fmt.Errorf("line %d: loactl says %v to %v, the box %v to %v", i+1, a.At, a.Until, b.At, b.Until)
		}
		a.At, a.Until = b.At, b.Until // whatever their zone
		if a != b {
			return fmt.Errorf("line %d: loactl says %+v, the box %+v", i+1, a, b)
		}
		fmt.Fprintf(ts.Stdout(), "%s %s %v\n", a.At.UTC().Format(time.RFC3339), a.Title, a.Sounds)
	}
	return nil
}
