// Package playlist reads M3U, M3U8, XSPF and folders of audio as other programs
// write them.
package playlist

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// maxBytes bounds a playlist's file: a hundred thousand entries.
const maxBytes = 16 << 20

// An Entry is one line of a playlist.
type Entry struct {
	Title  string
	Path   string        // of a file; empty for a stream
	URL    string        // of a stream; empty for a file
	Length time.Duration // as the playlist claims; 0: it does not say
	Line   int           // in the playlist, from 1; 0: unknown
}

// Audio are the endings of files that are taken from a folder.
var audio = []string{".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".aac", ".m4a"}

// Read reads a playlist file or a folder. Paths come out relative to the
// working directory or absolute, as name was given.
func Read(name string) ([]Entry, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		entries, err := folder(name)
		return unnumbered(entries), err
	}
	if info.Size() > maxBytes {
		return nil, fmt.Errorf("%s: %d MiB is no playlist", name, info.Size()>>20)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	entries, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i := range entries {
		if entries[i].Path != "" {
			entries[i].Path = locate(filepath.Dir(name), entries[i].Path)
		}
	}
	return unnumbered(entries), nil
}

// folder is the audio in dir and below, in the order of names, where 2 comes
// before 10.
func folder(dir string) ([]Entry, error) {
	var entries []Entry
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && path != dir {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() && slices.Contains(audio, strings.ToLower(filepath.Ext(path))) {
			entries = append(entries, Entry{Path: path, Title: titleOf(path)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s: no audio in this folder (%s)", dir, strings.Join(audio, " "))
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return natural(a.Path, b.Path) })
	return entries, nil
}

// Parse reads the bytes of a playlist; paths are as written.
func Parse(data []byte) ([]Entry, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if head := bytes.TrimLeft(data, " \t\r\n"); bytes.HasPrefix(head, []byte("<")) {
		return parseXSPF(data)
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, errors.New("this is no playlist: it holds binary data")
	}
	return parseM3U(data)
}

func parseM3U(data []byte) ([]Entry, error) {
	var entries []Entry
	var next Entry
	n := 0
	for line := range bytes.Lines(data) {
		n++
		s := strings.TrimSpace(text(line))
		switch {
		case s == "":
		case strings.HasPrefix(s, "#EXT-X-"):
			return nil, fmt.Errorf("line %d: this is an HLS stream, not a list of files: give its https address as a relay", n)
		case strings.HasPrefix(s, "#EXTINF:"):
			length, title, _ := strings.Cut(s[len("#EXTINF:"):], ",")
			length, _, _ = strings.Cut(strings.TrimSpace(length), " ")
			if sec, err := strconv.ParseFloat(length, 64); err == nil && sec > 0 && sec < 1e6 {
				next.Length = time.Duration(sec * float64(time.Second))
			}
			next.Title = clean(title)
		case strings.HasPrefix(s, "#"):
		default:
			next.Line = n
			next.place(strings.TrimSpace(string(line)), s)
			entries = append(entries, next)
			next = Entry{}
		}
	}
	if len(entries) == 0 {
		return nil, errors.New("the playlist is empty")
	}
	return entries, nil
}

type xspf struct {
	XMLName xml.Name `xml:"playlist"`
	Tracks  []struct {
		Location []string `xml:"location"`
		Title    string   `xml:"title"`
		Creator  string   `xml:"creator"`
		Duration float64  `xml:"duration"` // ms
	} `xml:"trackList>track"`
}

func parseXSPF(data []byte) ([]Entry, error) {
	var list xspf
	if err := xml.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("not an XSPF playlist: %w", err)
	}
	var entries []Entry
	for i, t := range list.Tracks {
		if len(t.Location) == 0 {
			return nil, fmt.Errorf("track %d (%s) has no location", i+1, clean(t.Title))
		}
		e := Entry{Title: clean(t.Title)}
		if t.Creator != "" && e.Title != "" {
			e.Title = clean(t.Creator) + " – " + e.Title
		}
		if t.Duration > 0 && t.Duration < 1e9 {
			e.Length = time.Duration(t.Duration * float64(time.Millisecond))
		}
		where := strings.TrimSpace(t.Location[0])
		if path, err := url.PathUnescape(where); err == nil && !isStream(where) {
			where = path // an XSPF location is a URI, even when it is only a name
		}
		e.place(where, where)
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, errors.New("the playlist is empty")
	}
	return entries, nil
}

func isStream(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// place sets where an entry's sound is. raw are the bytes as they stand in the
// playlist, which is how the file system knows the file.
func (e *Entry) place(raw, s string) {
	if isStream(s) {
		e.URL = s
		if e.Title == "" {
			e.Title = s
		}
		return
	}
	if u, err := url.Parse(s); err == nil && u.Scheme == "file" {
		raw = u.Path
	}
	e.Path = strings.ReplaceAll(raw, `\`, "/")
	if e.Title == "" {
		e.Title = titleOf(text([]byte(e.Path)))
	}
}

// locate finds a playlist's file from the playlist's folder. A list made on
// another machine names folders that do not exist here; the file often lies
// beside the list.
func locate(dir, path string) string {
	p := path
	if !filepath.IsAbs(p) {
		p = filepath.Join(dir, p)
	}
	if _, err := os.Stat(p); err != nil {
		beside := filepath.Join(dir, filepath.Base(path))
		if _, err := os.Stat(beside); err == nil {
			return beside
		}
	}
	return p
}

// text decodes a line: UTF-8, or else the code page of Vietnamese Windows.
func text(line []byte) string {
	if utf8.Valid(line) {
		return string(line)
	}
	s, err := charmap.Windows1258.NewDecoder().Bytes(line)
	if err != nil {
		return strings.ToValidUTF8(string(line), "\uFFFD")
	}
	return string(s)
}

// clean makes a title one that a document may carry: one line, NFC, no control
// or direction characters, at most 200 letters.
func clean(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0,
			r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r == 0x061c:
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > 200 {
		s = strings.TrimSpace(string(r[:200]))
	}
	return s
}

func titleOf(path string) string {
	base := filepath.Base(path)
	return clean(strings.TrimSuffix(base, filepath.Ext(base)))
}

// number is what people put before a title to have files in order: "01 ", "2. ".
var number = regexp.MustCompile(`^([0-9]{1,3})[ ._)-]+`)

// unnumbered takes the numbers off titles: nobody wants to hear or read them. One
// that does not begin with 0 may belong to its title, unless all have one.
func unnumbered(entries []Entry) []Entry {
	all := len(entries) > 1
	for _, e := range entries {
		all = all && number.MatchString(e.Title)
	}
	for i, e := range entries {
		n := number.FindString(e.Title)
		if rest := e.Title[len(n):]; n != "" && rest != "" && (all || n[0] == '0') {
			entries[i].Title = rest
		}
	}
	return entries
}

// natural compares names so that numbers in them count as numbers.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			m, n := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
			if c := len(m) - len(n); c != 0 {
				return c
			}
			if c := strings.Compare(m, n); c != 0 {
				return c
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
