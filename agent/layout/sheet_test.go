package layout

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// sample is what a sheet shows: all 134 letters of Vietnamese and all of ASCII, each on
// its own; the marks that stand highest and hang lowest; words, figures and signs; and
// Khmer, "Kingdom of Cambodia, woman, guest", where a board is high enough for it.
func sample(rows int) []string {
	var lines []string
	for some := range slices.Chunk(alphabet(), 24) {
		letters := make([]string, len(some))
		for i, r := range some {
			letters[i] = string(r)
		}
		// The other way round the braces would be a field.
		lines = append(lines, strings.NewReplacer("{", "}", "}", "{").Replace(strings.Join(letters, " ")))
	}
	lines = append(lines,
		"Ẵ Ỹ Ặ ợ ụ ẩ ế ữ Đặng Thị Thuỷ",
		"NGHIÊNG Nguyễn ĐƯỜNG phượng khuỷu ẴỸợụ",
		"0123456789 19:30 25.000₫ 28°C (5%) → “cấm” – ‘được’…")
	if rows >= khmerRows {
		lines = append(lines, "ព្រះរាជាណាចក្រកម្ពុជា ស្ត្រី ភ្ញៀវ")
	}
	return lines
}

// TestSheets draws every font at every height, on one sheet each, and looks at it: no
// letter is missing, blank or cut off, alone or in its line. Eyes look at the sheets in
// the folder that LOA_SHEETS names.
func TestSheets(t *testing.T) {
	for _, c := range []struct {
		name, font string
		rows       int
		colors     Colors
	}{
		{"fixed13", "fixed13", 13, Mono},
		{"efont16", "efont16", 16, Mono},
		{"narrow16", "narrow16", 16, Mono},
		{"efont24", "efont24", 24, Mono},
		{"efont16-doubled", "efont16", 32, Mono},
		{"sans30", "sans", 30, Mono},
		{"sans32", "sans", 32, TwoColor},
		{"sans48", "sans", 48, Mono},
		{"sans24-full", "sans", 24, Full},
		{"sans32-full", "sans", 32, Full},
		{"sans96-full", "sans", 96, Full},
	} {
		f, ok := faceOf(c.font, c.rows)
		if !ok {
			t.Fatalf("%s does not come in %d rows", c.font, c.rows)
		}
		var rows []*image.RGBA
		width := 0
		for _, line := range sample(c.rows) {
			b := Board{Size: image.Pt(8*c.rows, c.rows), Colors: c.colors}
			pages, findings := Set(line, Look{Font: c.font, Effect: ScrollLeft}, b, Fields{})
			for _, g := range findings {
				t.Errorf("%s: %q: %s", c.name, line, g.EN)
			}
			if len(pages) != 1 {
				t.Fatalf("%s: %q makes %d strips", c.name, line, len(pages))
			}
			strip := pages[0].Picture()
			whole := 0
			s := &setter{}
			for _, w := range strings.Fields(line) {
				set := s.set(word{letters: number(w)}, f)
				alone, within := set.draw(f, c.colors == Full)
				ink := around(alone)
				if ink.Empty() {
					t.Errorf("%s: %q is blank", c.name, w)
				}
				if !ink.In(within) {
					t.Errorf("%s: the ink of %q is %v, outside its rows and width %v", c.name, w, ink, within)
				}
				for _, r := range w {
					if one, _ := (&setter{}).set(word{letters: number(string(r))}, f).draw(f, c.colors == Full); around(one).Empty() && !unicode.Is(unicode.Mn, r) {
						t.Errorf("%s: %c is blank", c.name, r)
					}
				}
				whole += brightness(alone)
			}
			if got := brightness(strip); got != whole {
				t.Errorf("%s: of %q the strip has %d of light, its words alone %d: something is cut off", c.name, line, got, whole)
			}
			rows = append(rows, strip)
			width = max(width, strip.Rect.Dx())
		}
		scale := max(1, min(96/c.rows, 1900/width))
		sheet := image.NewRGBA(image.Rect(0, 0, width*scale, (c.rows+2)*len(rows)*scale))
		draw.Draw(sheet, sheet.Rect, image.NewUniform(color.RGBA{0, 0, 80, 255}), image.Point{}, draw.Src)
		for i, r := range rows {
			enlarge(sheet, r, i*(c.rows+2), scale)
		}
		save(t, c.name, sheet)
	}
}

// brightness is the sum of all red there is.
func brightness(p *image.RGBA) (sum int) {
	for i := 0; i < len(p.Pix); i += 4 {
		sum += int(p.Pix[i])
	}
	return sum
}

// TestBoards draws whole boards into the folder LOA_SHEETS, in the looks that documents
// name. No page is dark.
func TestBoards(t *testing.T) {
	temp := 31.4
	fields := Fields{Now: time.Date(2026, 11, 26, 19, 5, 30, 0, time.FixedZone("+07", 7*3600)), TempC: &temp, Lunar: "18/10 Bính Ngọ"}
	for _, c := range []struct {
		name, style, text string
		size              image.Point
		colors            Colors
	}{
		{"notice-64x32", "notice", "Họp tổ dân phố lúc 19 giờ", image.Pt(64, 32), Mono},
		{"alert-128x64", "alert", "Nước lũ đang lên, di dời ngay", image.Pt(128, 64), TwoColor},
		{"drill-160x48", "drill", "Báo động phòng không", image.Pt(160, 48), Full},
		{"notice-256x128", "notice", "Mời bà con tiêm phòng tại trạm y tế xã", image.Pt(256, 128), Full},
		{"clock-128x32", "clock", "{clock} {temperature}", image.Pt(128, 32), Mono},
		{"date-192x64", "notice", "{clock} {temperature}\n{date}\n{lunar}", image.Pt(192, 64), TwoColor},
		{"lcd-1280x720", "notice", "Lịch tiêm chủng mở rộng tháng 12", image.Pt(1280, 720), Full},
		{"portrait-64x128", "notice", "Nghiêng nghiêng nón lá", image.Pt(64, 128), Mono},
		{"khmer-192x64", "notice", "ព្រះរាជាណាចក្រ កម្ពុជា\nXin chào", image.Pt(192, 64), Mono},
		{"missing-128x32", "notice", "Chào 😀 漢字 bạn", image.Pt(128, 32), Mono},
	} {
		look, _ := LookNamed(c.style)
		pages, findings := Set(c.text, look, Board{Size: c.size, Colors: c.colors}, fields)
		for _, f := range findings {
			t.Logf("%s: %d:%d %s %s", c.name, f.Line, f.Column, f.EN, f.VI)
		}
		scale := max(1, 640/c.size.X)
		sheet := image.NewRGBA(image.Rect(0, 0, c.size.X*scale, (c.size.Y+2)*scale*len(pages)))
		draw.Draw(sheet, sheet.Rect, image.NewUniform(color.RGBA{0, 0, 80, 255}), image.Point{}, draw.Src)
		for i, p := range pages {
			t.Logf("%s: %q %v", c.name, p.Text, p.Stay)
			if around(p.Picture()).Empty() {
				t.Errorf("%s: %q is dark", c.name, p.Text)
			}
			enlarge(sheet, p.Picture(), i*(c.size.Y+2), scale)
		}
		save(t, c.name, sheet)
	}
}

func enlarge(dst *image.RGBA, src *image.RGBA, y0, scale int) {
	for y := range src.Rect.Dy() * scale {
		for x := range src.Rect.Dx() * scale {
			dst.SetRGBA(x, y0*scale+y, src.RGBAAt(x/scale, y/scale))
		}
	}
}

// save writes a sheet for eyes, where somebody wants it.
func save(t *testing.T, name string, p image.Image) {
	t.Helper()
	dir := os.Getenv("LOA_SHEETS")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, p); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
