package layout

import (
	"image"
	"slices"
	"strings"
	"testing"
)

// What a reader reads as one stands on one line, as long as a line holds it; else it
// breaks where it hurts least. A column is 8 dots wide.
func TestBonds(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int // letters of a line
		want  string
	}{
		{"Họp từ 7 giờ 30 phút", 15, "Họp từ|7 giờ 30 phút"},
		{"Họp từ 7 giờ 30 phút", 9, "Họp từ|7 giờ|30 phút"},
		{"Họp từ 7 giờ 30 phút", 4, "Họp|từ 7|giờ|30|phút"},
		{"Nghỉ lễ ngày 02/9.", 14, "Nghỉ lễ|ngày 02/9."},
		{"NGHỈ LỄ NGÀY 02/9", 14, "NGHỈ LỄ|NGÀY 02/9"},
		{"Hạn chót ngày 2 tháng 9 năm 2025", 24, "Hạn chót|ngày 2 tháng 9 năm 2025"},
		{"Hạn chót ngày 2 tháng 9 năm 2025", 16, "Hạn chót ngày 2|tháng 9 năm 2025"},
		{"Hạn chót ngày 2 tháng 9 năm 2025", 9, "Hạn chót|ngày 2|tháng 9|năm 2025"},
		{"Cắt điện 7 giờ 30 ngày 2/9", 15, "Cắt điện|7 giờ 30|ngày 2/9"},
		{"Họp lúc 19:30 tối nay", 10, "Họp|lúc 19:30|tối nay"},
		{"Thu 1.500.000 đồng mỗi hộ", 14, "Thu|1.500.000 đồng|mỗi hộ"},
		{"Hỗ trợ mỗi hộ 5 triệu đồng", 18, "Hỗ trợ mỗi hộ|5 triệu đồng"},
		{"Gọi số 0274 3 123 456 để báo", 18, "Gọi|số 0274 3 123 456|để báo"},
		{"Gọi (0274) 3 123 456, gặp trực ban", 18, "Gọi|(0274) 3 123 456,|gặp trực ban"},
		{"Nước dâng 3,5 m, rộng 20 km", 12, "Nước dâng|3,5 m, rộng|20 km"},
		{"Nóng đến 39 độ C", 10, "Nóng đến|39 độ C"},
		{"Nắng nóng 39 °C, độ ẩm 80 %", 14, "Nắng nóng|39 °C, độ ẩm|80 %"},
		{"Vào thứ 7 ngày 2/9", 8, "Vào|thứ 7|ngày 2/9"},
		// These are no one thing.
		{"Tổ dân phố 5, ngày mai họp", 13, "Tổ dân phố 5,|ngày mai họp"},
		{"từ 8:00 đến 11:00", 8, "từ 8:00|đến|11:00"},
		{"Đông 30 phường", 8, "Đông 30|phường"},
	} {
		b := Board{Size: image.Pt(8*c.width, 48)}
		pages, _ := Set(c.text, Look{Font: "efont16"}, b, Fields{})
		got := strings.ReplaceAll(strings.Join(texts(pages), "|"), "\n", "|")
		if got != c.want {
			t.Errorf("%q in %d letters: %q, not %q", c.text, c.width, got, c.want)
		}
	}
}

// What does not fit on a line stays on a page, if it fits on one.
func TestBondsOverPages(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"Thu tiền mỗi hộ trước ngày 30 tháng 11 năm 2026", []string{"Thu tiền mỗi hộ\ntrước", "ngày 30 tháng 11\nnăm 2026"}},
		{"Thu 1.500.000 đồng mỗi hộ trước ngày 30 tháng 11 năm 2026", []string{"Thu\n1.500.000 đồng", "mỗi hộ trước", "ngày 30 tháng 11\nnăm 2026"}},
	} {
		pages, _ := Set(c.text, Look{Font: "efont16"}, Board{Size: image.Pt(8*16, 32)}, Fields{})
		if got := texts(pages); !slices.Equal(got, c.want) {
			t.Errorf("%q became %q, not %q", c.text, got, c.want)
		}
	}
}

// A row of numbers is no reason for a page of more than eight words, nor to lose one.
func TestBondsAreNoPage(t *testing.T) {
	text := strings.TrimSpace(strings.Repeat("10 ", 30))
	pages, _ := Set(text, Look{}, Board{Size: image.Pt(1280, 64)}, Fields{})
	var all []string
	for _, p := range texts(pages) {
		words := strings.Fields(p)
		if len(words) > maxWords {
			t.Errorf("a page has %d words", len(words))
		}
		all = append(all, words...)
	}
	if !slices.Equal(all, strings.Fields(text)) {
		t.Errorf("%q", all)
	}
}
