package requests

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A desk is a store whose time the test sets.
type desk struct {
	*Store
	t   *testing.T
	dir string
	at  time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), at: time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)}
	var err error
	if d.Store, err = Open(d.dir, func() time.Time { return d.at }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func (d *desk) add(a Ask) (Request, string) {
	d.t.Helper()
	r, code, err := d.Add(a)
	if err != nil {
		d.t.Fatal(err)
	}
	d.at = d.at.Add(time.Minute)
	return r, code
}

func (d *desk) state(code string) State {
	d.t.Helper()
	r, err := d.Follow(code)
	if err != nil {
		d.t.Fatal(err)
	}
	return r.State
}

func TestAReportAndItsAnswer(t *testing.T) {
	d := newDesk(t)
	r, code := d.add(Ask{Place: "26734", Box: "d-1", Kind: Unheard, Text: "Không nghe thấy gì"})
	if err := d.Reopen(code, "x"); !errors.Is(err, ErrOver) {
		t.Errorf("a report without an answer was opened again: %v", err)
	}
	if err := d.Answer(r.ID, "lan", "Đã sửa"); err != nil {
		t.Fatal(err)
	}
	typed := strings.ToLower(strings.ReplaceAll(code, "-", " "))
	got, err := d.Follow(strings.NewReplacer("0", "o", "1", "l").Replace(typed))
	if err != nil || got.State != Answered || len(got.Events) != 1 || got.Events[0].Text != "Đã sửa" {
		t.Fatalf("%+v %v", got, err)
	}
	if err := d.Reopen(code, "Vẫn không nghe"); err != nil || d.state(code) != New {
		t.Errorf("not open again: %v", err)
	}
	if _, err := d.Follow("0000-0000-0000-0000"); !errors.Is(err, ErrNone) {
		t.Errorf("a guess: %v", err)
	}
	if list, err := d.List(Which{Places: []string{"26737"}}); err != nil || len(list) != 0 {
		t.Errorf("another place's staff see %v %v", list, err)
	}
	if list, err := d.List(Which{Places: []string{"26734"}, States: []State{New}}); err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
}

// The code is in no file: whoever steals the folder cannot act as a resident.
func TestOnlyTheHashIsKept(t *testing.T) {
	d := newDesk(t)
	_, code := d.add(Ask{Place: "26734", Kind: Other, Text: "bí mật của tôi"})
	found := func(what string) bool {
		files, _ := filepath.Glob(filepath.Join(d.dir, "requests", "*"))
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, []byte(what)) {
				return true
			}
		}
		return false
	}
	if found(code) || found(strings.ReplaceAll(code, "-", "")) {
		t.Error("the code is kept")
	}
	if !found("bí mật của tôi") {
		t.Fatal("this test does not see what is kept")
	}
	if err := d.Delete(code); err != nil {
		t.Fatal(err)
	}
	if found("bí mật của tôi") {
		t.Error("the words are there after they were deleted")
	}
	if _, err := d.Follow(code); !errors.Is(err, ErrNone) {
		t.Errorf("the code opens: %v", err)
	}
	if n, err := d.Counts(d.at.Add(-time.Hour), d.at); err != nil || len(n) != 1 || n[0].N != 1 || n[0].Month != "2026-11" {
		t.Errorf("its count is gone: %v %v", n, err)
	}
}

// Who sends the same as somebody else gets a code that opens the answer, and nothing that
// the other wrote.
func TestTheSameIsFolded(t *testing.T) {
	d := newDesk(t)
	first, _ := d.add(Ask{Place: "26734", Box: "d-1", Kind: Loud, Text: "Ồn  quá"})
	second, code := d.add(Ask{Place: "26734", Box: "d-1", Kind: Loud, Text: "ồn quá"})
	third, _ := d.add(Ask{Place: "26734", Box: "d-1", Kind: Loud, Text: "ồn quá", Photo: []byte("x")})
	if second.Same != first.ID || third.Same != "" {
		t.Fatalf("%+v %+v", second, third)
	}
	if err := d.Answer(first.ID, "lan", "Đã vặn nhỏ"); err != nil {
		t.Fatal(err)
	}
	got, err := d.Follow(code)
	if err != nil || got.ID != second.ID || got.State != Answered || len(got.Events) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	if list, _ := d.List(Which{Places: []string{"26734"}, Folded: true}); len(list) != 2 || list[1].Others != 1 {
		t.Errorf("%+v", list)
	}
	if err := d.Reopen(code, "vẫn ồn"); err != nil {
		t.Fatal(err)
	}
	if got, _ := d.Follow(code); got.Same != "" || got.State != New {
		t.Errorf("%+v", got)
	}
	d.at = d.at.Add(same)
	if r, _ := d.add(Ask{Place: "26734", Box: "d-1", Kind: Loud, Text: "ồn quá"}); r.Same != "" {
		t.Error("folded into one of yesterday")
	}
}

func TestThreeInADayAreAFault(t *testing.T) {
	d := newDesk(t)
	var last Request
	for i := range 3 {
		if c, err := d.Complaints(d.at); err != nil || len(c) != 0 {
			t.Fatalf("after %d: %v %v", i, c, err)
		}
		last, _ = d.add(Ask{Place: "26734", Box: "d-1", Kind: Loud})
		d.add(Ask{Place: "26734", Box: "d-2", Kind: Other, Text: "x"})
	}
	if c, err := d.Complaints(d.at); err != nil || len(c) != 1 || c[0] != (Complaint{"26734", "d-1", Loud, 3}) {
		t.Errorf("%v %v", c, err)
	}
	if c, _ := d.Complaints(d.at.Add(25 * time.Hour)); len(c) != 0 {
		t.Errorf("a day later: %v", c)
	}
	if err := d.SetState(last.ID, "lan", Refused, "spam"); err != nil {
		t.Fatal(err)
	}
	if c, _ := d.Complaints(d.at); len(c) != 0 {
		t.Errorf("spam counts: %v", c)
	}
}

func TestWhatIsOldIsErased(t *testing.T) {
	d := newDesk(t)
	old, code := d.add(Ask{Place: "26734", Kind: Other, Text: "x", Photo: []byte("jpeg")})
	d.at = d.at.Add(Kept)
	_, young := d.add(Ask{Place: "26734", Kind: Other, Text: "y"})
	if n, err := d.Sweep(); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	if _, err := d.Follow(code); !errors.Is(err, ErrNone) {
		t.Errorf("%v", err)
	}
	if _, err := d.Attachment(old.ID, "photo"); !errors.Is(err, ErrNone) {
		t.Errorf("the picture: %v", err)
	}
	if d.state(young) != New {
		t.Error("a young one was erased")
	}
	if err := d.Answer(old.ID, "lan", "x"); !errors.Is(err, ErrOver) {
		t.Errorf("an erased one was answered: %v", err)
	}
}

func picture(w, h int) *image.Gray { return image.NewGray(image.Rect(0, 0, w, h)) }

func TestPhoto(t *testing.T) {
	var good, big, bomb bytes.Buffer
	if err := jpeg.Encode(&good, picture(2400, 300), nil); err != nil {
		t.Fatal(err)
	}
	// Where it was taken stands in an APP1 segment right after the first marker.
	tagged := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 18}, append([]byte("Exif\x00\x00GPS:secret"), good.Bytes()[2:]...)...)
	tagged[5] = byte(len("Exif\x00\x00GPS:secret") + 2)
	out, err := Photo(bytes.NewReader(tagged))
	if err != nil {
		t.Fatal(err)
	}
	if head, kind, err := image.DecodeConfig(bytes.NewReader(out)); err != nil || kind != "jpeg" || head.Width != 1600 || head.Height != 200 {
		t.Errorf("%v %s %v", head, kind, err)
	}
	if bytes.Contains(out, []byte("secret")) {
		t.Error("where it was taken is still in it")
	}
	png.Encode(&bomb, picture(1, 1))
	binary.BigEndian.PutUint32(bomb.Bytes()[16:], 20000) // width and height, and the sum of their chunk
	binary.BigEndian.PutUint32(bomb.Bytes()[20:], 20000)
	binary.BigEndian.PutUint32(bomb.Bytes()[29:], crc32.ChecksumIEEE(bomb.Bytes()[12:29]))
	big.Write(make([]byte, MaxPhoto+1))
	for name, data := range map[string][]byte{"a bomb": bomb.Bytes(), "too many bytes": big.Bytes(), "no picture": []byte("<svg onload=alert(1)>"), "half": tagged[:len(tagged)/3], "nothing": nil} {
		if _, err := Photo(bytes.NewReader(data)); !errors.Is(err, ErrAttachment) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVoice(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "voice.m4a")
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=70", "-metadata", "comment=secret", "-c:a", "aac", "-b:a", "64k", file).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(data, []byte("secret")) {
		t.Fatal(err, "no comment in it")
	}
	out, err := Voice(context.Background(), bytes.NewReader(data))
	if err != nil || !bytes.HasPrefix(out, []byte("OggS")) || len(out) > maxKept || bytes.Contains(out, []byte("secret")) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	private := filepath.Join(dir, "private")
	if err := os.WriteFile(private, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a list of files": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://" + private + "\n#EXT-X-ENDLIST\n",
		"a concatenation": "ffconcat version 1.0\nfile " + private + "\n",
		"no sound":        "hello",
		"too many bytes":  strings.Repeat("x", MaxVoice+1),
		"nothing":         "",
	} {
		if _, err := Voice(context.Background(), strings.NewReader(text)); !errors.Is(err, ErrAttachment) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A backup has the reports as they were at one moment, and a restore goes on with them.
func TestACopyForABackup(t *testing.T) {
	d := newDesk(t)
	_, code := d.add(Ask{Place: "26734", Kind: Other, Text: "x"})
	done, err := Still(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := os.CopyFS(other, os.DirFS(d.dir)); err != nil {
		t.Fatal(err)
	}
	done()
	if _, err := os.Stat(filepath.Join(d.dir, "requests", "requests.copy")); !os.IsNotExist(err) {
		t.Errorf("the copy stays: %v", err)
	}
	for _, end := range []string{"", "-wal", "-shm"} { // which no backup has
		os.Remove(filepath.Join(other, "requests", "requests.db"+end))
	}
	s, err := Open(other, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if r, err := s.Follow(code); err != nil || r.Text != "x" {
		t.Errorf("%+v %v", r, err)
	}
}

// What one cannot write keeps nobody else from writing, whoever writes for whom.
func TestManyAtOnce(t *testing.T) {
	d := newDesk(t)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			if i%4 == 0 {
				if err := d.Answer("none", "lan", "x"); !errors.Is(err, ErrNone) {
					t.Error(err)
				}
				return
			}
			if _, _, err := d.Add(Ask{Place: "26734", Kind: Other, Text: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if list, err := d.List(Which{Places: []string{"26734"}, Limit: 1000}); err != nil || len(list) != 150 {
		t.Errorf("%d of 150, %v", len(list), err)
	}
}

// What is folded into a report does not vanish with it: not when its resident deletes it,
// not when it turns out to be spam.
func TestTheSameOutlivesTheFirst(t *testing.T) {
	d := newDesk(t)
	loud := Ask{Place: "26734", Box: "d-1", Kind: Loud}
	inbox := func() (ids []string) {
		list, err := d.List(Which{Places: []string{"26734"}, States: []State{New, Working, Answered}, Folded: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		return ids
	}
	first, code1 := d.add(loud)
	second, code2 := d.add(loud)
	third, code3 := d.add(loud)
	if second.Same != first.ID || third.Same != first.ID {
		t.Fatalf("%+v %+v", second, third)
	}
	if err := d.Delete(code1); err != nil {
		t.Fatal(err)
	}
	if got := inbox(); len(got) != 1 || got[0] != second.ID {
		t.Errorf("after the first was deleted staff see %v, want %s", got, second.ID)
	}
	if err := d.Answer(second.ID, "lan", "Đã vặn nhỏ"); err != nil {
		t.Fatal(err)
	}
	if d.state(code3) != Answered {
		t.Error("the third does not see the answer to the second")
	}
	if err := d.Delete(code2); err != nil {
		t.Fatal(err)
	}
	if r, err := d.Follow(code3); err != nil || r.State != Answered || len(r.Events) != 1 || r.Same != "" {
		t.Errorf("the answer went with the second: %+v %v", r, err)
	}

	fourth, _ := d.add(Ask{Place: "26734", Box: "d-1", Kind: Loud, Contact: "0901 234 567"})
	if fourth.Same != "" {
		t.Error("whoever wants to be called back is folded away")
	}

	spam, _ := d.add(Ask{Place: "26734", Box: "d-2", Kind: Loud})
	for range 3 {
		_, code1 = d.add(Ask{Place: "26734", Box: "d-2", Kind: Loud})
	}
	if err := d.SetState(spam.ID, "lan", Refused, "spam"); err != nil {
		t.Fatal(err)
	}
	if c, err := d.Complaints(d.at); err != nil || len(c) != 1 || c[0].Box != "d-1" {
		t.Errorf("refused, its copies count: %v %v", c, err)
	}
	if d.state(code1) != Refused {
		t.Errorf("a copy of what was refused is %s", d.state(code1))
	}
	if err := d.SetState(spam.ID, "lan", New, "it was none"); err != nil || d.state(code1) != New {
		t.Errorf("taken up again, its copy is %s, %v", d.state(code1), err)
	}
	if c, _ := d.Complaints(d.at); len(c) != 2 {
		t.Errorf("taken up again, its copies do not count: %v", c)
	}
}

// A resident sees answers and not who of the staff wrote them, nor what staff noted.
func TestAResidentSeesNoStaff(t *testing.T) {
	d := newDesk(t)
	r, code := d.add(Ask{Place: "26734", Box: "d-1", Kind: Loud})
	_, same := d.add(Ask{Place: "26734", Box: "d-1", Kind: Loud})
	for _, err := range []error{d.SetState(r.ID, "lan", Working, "Ông này hay kêu"), d.Answer(r.ID, "lan", "Đã vặn nhỏ"), d.Said(r.ID, "lan", "26734/bulletin/x"), d.Reopen(code, "vẫn ồn"), d.Answer(r.ID, "lan", "Đã thay")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for code, n := range map[string]int{code: 4, same: 3} {
		e, err := d.Export(code)
		if err != nil || len(e.Events) != n {
			t.Errorf("%+v %v", e.Events, err)
		}
		for _, x := range e.Events {
			if x.By != "" || x.What == "state" {
				t.Errorf("a resident sees %+v", x)
			}
		}
	}
	if all, err := d.Get(r.ID); err != nil || len(all.Events) != 5 || all.Events[0].By != "lan" {
		t.Errorf("staff see %+v %v", all.Events, err)
	}
}

func TestRoom(t *testing.T) {
	d := newDesk(t)
	for free, want := range map[int64]bool{spare - 1: false, spare: true} {
		d.left = func(string) (int64, error) { return free, nil }
		if ok, err := d.Room(); ok != want || err != nil {
			t.Errorf("%d bytes free: %v %v", free, ok, err)
		}
	}
	if free, err := left(d.dir); err != nil || free <= 0 {
		t.Errorf("%d %v", free, err)
	}
}
