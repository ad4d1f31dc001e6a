package layout_test

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/layout"
)

// sample has every tone on every vowel that a reader mixes up, digits, both cases
// and a line of Khmer: "Kingdom of Cambodia, woman, guest".
const sample = "Ẵ Ỹ Ặ ợ ụ ẩ ế ữ Đặng Thị Thuỷ\n" +
	"NGHIÊNG Nguyễn ĐƯỜNG phượng khuỷu\n" +
	"0123456789 19:30 25.000₫ 28°C (5%) → “cấm”\n" +
	"ព្រះរាជាណាចក្រកម្ពុជា ស្ត្រី ភ្ញៀវ"

// TestSheets draws every font at every height into the folder LOA_SHEETS, for eyes.
func TestSheets(t *testing.T) {
	dir := os.Getenv("LOA_SHEETS")
	if dir == "" {
		t.Skip("LOA_SHEETS names no folder")
	}
	for _, c := range []struct {
		name, font string
		rows       int
		colors     layout.Colors
	}{
		{"fixed13", "fixed13", 13, layout.Mono},
		{"efont16", "efont16", 16, layout.Mono},
		{"narrow16", "narrow16", 16, layout.Mono},
		{"efont24", "efont24", 24, layout.Mono},
		{"efont16-doubled", "efont16", 32, layout.Mono},
		{"sans29", "sans", 29, layout.Mono},
		{"sans32", "sans", 32, layout.TwoColor},
		{"sans48", "sans", 48, layout.Mono},
		{"sans24-full", "sans", 24, layout.Full},
		{"sans32-full", "sans", 32, layout.Full},
		{"sans96-full", "sans", 96, layout.Full},
	} {
		var rows []*image.RGBA
		width := 0
		for line := range strings.Lines(sample) {
			b := layout.Board{Size: image.Pt(8*c.rows, c.rows), Colors: c.colors}
			pages, findings := layout.Set(line, layout.Look{Font: c.font, Effect: layout.ScrollLeft}, b, layout.Fields{})
			for _, f := range findings {
				t.Logf("%s: %d:%d %s", c.name, f.Line, f.Column, f.EN)
			}
			for _, p := range pages {
				rows = append(rows, p.Picture())
				width = max(width, p.Picture().Rect.Dx())
			}
		}
		scale := max(1, 96/c.rows)
		scale = min(scale, max(1, 1900/width))
		sheet := image.NewRGBA(image.Rect(0, 0, width*scale, (c.rows+2)*len(rows)*scale))
		draw.Draw(sheet, sheet.Rect, image.NewUniform(color.RGBA{0, 0, 80, 255}), image.Point{}, draw.Src)
		for i, r := range rows {
			enlarge(sheet, r, i*(c.rows+2), scale)
		}
		save(t, filepath.Join(dir, c.name+".png"), sheet)
	}
}

// TestBoards draws whole boards into the folder LOA_SHEETS.
func TestBoards(t *testing.T) {
	dir := os.Getenv("LOA_SHEETS")
	if dir == "" {
		t.Skip("LOA_SHEETS names no folder")
	}
	temp := 31.4
	fields := layout.Fields{Now: time.Date(2026, 11, 26, 19, 5, 30, 0, time.FixedZone("+07", 7*3600)), TempC: &temp, Lunar: "18/10 Bính Ngọ"}
	for _, c := range []struct {
		name, style, text string
		size              image.Point
		colors            layout.Colors
	}{
		{"notice-64x32", "notice", "Họp tổ dân phố lúc 19 giờ", image.Pt(64, 32), layout.Mono},
		{"alert-128x64", "alert", "Nước lũ đang lên, di dời ngay", image.Pt(128, 64), layout.TwoColor},
		{"drill-160x48", "drill", "Báo động phòng không", image.Pt(160, 48), layout.Full},
		{"notice-256x128", "notice", "Mời bà con tiêm phòng tại trạm y tế xã", image.Pt(256, 128), layout.Full},
		{"clock-128x32", "clock", "{clock} {temperature}", image.Pt(128, 32), layout.Mono},
		{"date-192x64", "notice", "{clock} {temperature}\n{date}\n{lunar}", image.Pt(192, 64), layout.TwoColor},
		{"lcd-1280x720", "notice", "Lịch tiêm chủng mở rộng tháng 12", image.Pt(1280, 720), layout.Full},
		{"portrait-64x128", "notice", "Nghiêng nghiêng nón lá", image.Pt(64, 128), layout.Mono},
		{"khmer-192x64", "notice", "ព្រះរាជាណាចក្រ កម្ពុជា\nXin chào", image.Pt(192, 64), layout.Mono},
		{"missing-128x32", "notice", "Chào 😀 漢字 bạn", image.Pt(128, 32), layout.Mono},
	} {
		look, _ := layout.LookNamed(c.style)
		pages, findings := layout.Set(c.text, look, layout.Board{Size: c.size, Colors: c.colors}, fields)
		for _, f := range findings {
			t.Logf("%s: %d:%d %s %s", c.name, f.Line, f.Column, f.EN, f.VI)
		}
		scale := max(1, 640/c.size.X)
		sheet := image.NewRGBA(image.Rect(0, 0, c.size.X*scale, (c.size.Y+2)*scale*len(pages)))
		draw.Draw(sheet, sheet.Rect, image.NewUniform(color.RGBA{0, 0, 80, 255}), image.Point{}, draw.Src)
		for i, p := range pages {
			t.Logf("%s: %q %v", c.name, p.Text, p.Stay)
			enlarge(sheet, p.Picture(), i*(c.size.Y+2), scale)
		}
		save(t, filepath.Join(dir, c.name+".png"), sheet)
	}
}

func enlarge(dst *image.RGBA, src *image.RGBA, y0, scale int) {
	for y := range src.Rect.Dy() * scale {
		for x := range src.Rect.Dx() * scale {
			dst.SetRGBA(x, y0*scale+y, src.RGBAAt(x/scale, y/scale))
		}
	}
}

func save(t *testing.T, path string, p image.Image) {
	t.Helper()
	f, err := os.Create(path)
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
