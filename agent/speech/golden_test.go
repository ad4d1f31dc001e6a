package speech

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden are texts and how an announcer reads them: a line as written, "= " and the
// reading, an empty line.
func golden(t testing.TB) (pairs [][3]string) {
	files, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden list: ", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
			text, reading, ok := strings.Cut(pair, "\n= ")
			if !ok {
				t.Fatalf("%s: %q has no reading", name, pair)
			}
			pairs = append(pairs, [3]string{filepath.Base(name), text, reading})
		}
	}
	return pairs
}

func TestGolden(t *testing.T) {
	const least = 400
	pairs := golden(t)
	if len(pairs) < least {
		t.Errorf("%d sentences; a list of %d is promised", len(pairs), least)
	}
	for _, p := range pairs {
		region := "north"
		if p[0] == "south.txt" {
			region = "south"
		}
		c, _ := Region(region)
		r := Read(p[1], c)
		if got := r.String(); got != p[2] {
			t.Errorf("%s: %s\n got %s\nwant %s", p[0], p[1], got, p[2])
		}
		covers(t, r)
	}
}

// What can be read in two ways is told, and what cannot is not.
func TestDoubts(t *testing.T) {
	for text, want := range map[string]string{
		"Từ 7h30 ngày 27/11, cắt điện 15 hộ.": "",
		"Họp 3/5 tại xã.":                     "3/5 day-or-share",
		"Hạn nộp 05/12.":                      "",
		"Hơn 2/3 số hộ.":                      "",
		"Giá 1,250 đồng.":                     "1,250 decimal",
		"Giá 1,250,000 đồng.":                 "1,250,000 decimal",
		"Lấy số 10-5 ra.":                     "- series",
		"Công ty QWX thi công.":               "QWX spelled",
		"Tại TT xã.":                          "TT ambiguous",
		"Ông John đến.":                       "John foreign",
		"Xã/phường báo cáo.":                  "/ slash",
		"Họ tên: ..........":                  ".......... blank",
		"📢 Thông báo":                         "📢 ornament",
		"Mã H08.24-2311 nhé":                  "H08.24-2311 code",
		"Chữ 早 lạ":                            "早 unreadable",
		"Xem anson.vn":                        "anson.vn foreign",
		"Thong bao cat dien tai ap nam":       "Thong unmarked",
		"Số:    /TB-UBND":                     "/TB-UBND blank",
	} {
		got := ""
		if d := Read(text, Choices{}).Doubts(); len(d) > 0 {
			got = d[0].Text + " " + string(d[0].Doubt)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// Lines, paragraphs and what is said twice.
func TestSentences(t *testing.T) {
	for text, want := range map[string]string{
		"UBND XÃ AN SƠN\nTHÔNG BÁO\nVề việc cắt điện":                                     "Ủy ban nhân dân xã an sơn.|Thông báo.|Về việc cắt điện.",
		"Bà con chú ý, đường dây điện đi qua ấp này sẽ được sửa chữa lúc\n7h30 sáng mai.": "Bà con chú ý, đường dây điện đi qua ấp này sẽ được sửa chữa lúc bảy giờ ba mươi phút sáng mai.",
		"- Gạo: 10 kg\n- Mì: 3 thùng\n1. Đến đúng giờ.\n\nXin hết!":                       "Gạo, mười ki lô gam.|Mì, ba thùng.|Một.|Đến đúng giờ.|Xin hết!",
		"Ủy ban nhân dân (UBND) xã mời họp. Có đi không?":                                 "Ủy ban nhân dân, xã mời họp.|Có đi không?",
		"Thông báo\n==========\nNgày mai nghỉ":                                            "Thông báo.|Ngày mai nghỉ.",
		"---": "",
	} {
		r := Read(text, Choices{})
		if got := strings.Join(r.Sentences(), "|"); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
		covers(t, r)
	}
}

// Text that was stored in another way is read as what it looks like.
func TestMendedFirst(t *testing.T) {
	r := Read("Thông báo ４ hộ", Choices{})
	if got := r.String(); got != "Thông báo bốn hộ." {
		t.Errorf("%q, of %q", got, r.Written)
	}
}
