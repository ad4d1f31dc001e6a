package playlist

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestM3U(t *testing.T) {
	entries, err := Parse([]byte("\ufeff#EXTM3U\r\n#EXTINF:187.5 tvg-id=\"x\",Dâng Bác - Tốp ca\r\nnhạc/Dâng Bác.mp3\r\n\r\n# a remark\nC:\\Nhac\\hai.mp3\nhttps://radio.example/live\n#EXTINF:-1,Thời sự\nfile:///srv/th%E1%BB%9Di.ogg\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{
		{Title: "Dâng Bác - Tốp ca", Path: "nhạc/Dâng Bác.mp3", Length: 187500 * time.Millisecond, Line: 3},
		{Title: "hai", Path: "C:/Nhac/hai.mp3", Line: 6},
		{Title: "https://radio.example/live", URL: "https://radio.example/live", Line: 7},
		{Title: "Thời sự", Path: "/srv/thời.ogg", Line: 9},
	}
	if len(entries) != len(want) {
		t.Fatalf("%d entries: %+v", len(entries), entries)
	}
	for i, e := range entries {
		if e != want[i] {
			t.Errorf("entry %d is %+v, want %+v", i, e, want[i])
		}
	}
}

func TestXSPF(t *testing.T) {
	entries, err := Parse([]byte(`<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>
<track><location>nh%E1%BA%A1c/m%E1%BB%99t.flac</location><title>Một</title><creator>Tốp ca</creator><duration>60500</duration></track>
<track><location>https://radio.example/a%20b</location></track>
</trackList></playlist>`))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 || entries[0].Path != "nhạc/một.flac" || entries[0].Title != "Tốp ca – Một" ||
		entries[0].Length != 60500*time.Millisecond || entries[1].URL != "https://radio.example/a%20b" {
		t.Errorf("%+v", entries)
	}
}

func TestWhatIsNoPlaylistSaysSo(t *testing.T) {
	for in, want := range map[string]string{
		"":                                   "empty",
		"#EXTM3U\n":                          "empty",
		"#EXTM3U\n#EXT-X-TARGETDURATION:6\n": "HLS",
		"ID3\x03\x00\x00":                    "binary",
		"<html><body>404</body></html>":      "XSPF",
		"<playlist><trackList/></playlist>":  "empty",
		"<playlist><trackList><track/></trackList></playlist>": "no location",
	} {
		if _, err := Parse([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestFolderInTheOrderOfNumbers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"10 cuối.mp3", "2 giữa.MP3", "1 đầu.wav", "bìa.jpg", ".ẩn.mp3", "sub/3.ogg"} {
		path := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		os.WriteFile(path, nil, 0o644)
	}
	entries, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, e := range entries {
		titles = append(titles, e.Title)
	}
	if got := strings.Join(titles, "|"); got != "1 đầu|2 giữa|10 cuối|3" {
		t.Errorf("%s", got)
	}
	if _, err := Read(t.TempDir()); err == nil {
		t.Error("an empty folder is a playlist")
	}
}

// A number that only orders files is no part of a title.
func TestNumbersAreTakenOff(t *testing.T) {
	for in, want := range map[string]string{
		"01 Dâng Bác|5 điều Bác dạy|Tin":     "Dâng Bác|5 điều Bác dạy|Tin",
		"1. Dâng Bác|2 - Tin|10_Kết thúc":    "Dâng Bác|Tin|Kết thúc",
		"5 điều Bác dạy":                     "5 điều Bác dạy",
		"02":                                 "02",
		"01 ":                                "01 ",
		"1945 Tuyên ngôn|1975 Giải phóng":    "1945 Tuyên ngôn|1975 Giải phóng",
		"01) Chào|003-Bản tin|Nhạc 01 cuối":  "Chào|Bản tin|Nhạc 01 cuối",
		"20/11 lễ|02/09 lễ|Kính thưa bà con": "20/11 lễ|02/09 lễ|Kính thưa bà con",
	} {
		var entries []Entry
		for _, title := range strings.Split(in, "|") {
			entries = append(entries, Entry{Title: title})
		}
		var got []string
		for _, e := range unnumbered(entries) {
			got = append(got, e.Title)
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%q: %q, want %q", in, s, want)
		}
	}
}

func TestFilesBesideTheListAreFound(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "hai.mp3"), nil, 0o644)
	list := filepath.Join(dir, "list.m3u")
	os.WriteFile(list, []byte(`D:\Nhac\hai.mp3`), 0o644)
	entries, err := Read(list)
	if err != nil || entries[0].Path != filepath.Join(dir, "hai.mp3") {
		t.Errorf("%+v, %v", entries, err)
	}
}

// A list from an older Windows is read in its code page.
func TestOldCodePage(t *testing.T) {
	entries, err := Parse([]byte("#EXTINF:1,\xd0i\xeam\nx.mp3\n"))
	if err != nil || entries[0].Title != "Điêm" {
		t.Errorf("%+v, %v", entries, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("#EXTM3U\n#EXTINF:1,a\nb.mp3"))
	f.Add([]byte("<playlist><trackList><track><location>a</location></track></trackList></playlist>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := Parse(data)
		if (err == nil) != (len(entries) > 0) {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		for _, e := range entries {
			if (e.Path == "") == (e.URL == "") {
				t.Fatalf("neither or both of file and stream: %+v", e)
			}
			if !utf8.ValidString(e.Title) || strings.ContainsAny(e.Title, "\n\r\x00\u202e") {
				t.Fatalf("title %q", e.Title)
			}
		}
	})
}
