package exchange

import (
	"slices"
	"time"
)

// A Type is what a field holds.
type Type string

// The types.
const (
	Text   Type = "text"
	Number Type = "number"
	Flag   Type = "flag"
	Moment Type = "time"
	List   Type = "list" // of texts
)

// A Field is one of ours.
type Field struct {
	Name   string
	Type   Type
	VI, EN string
}

// An Entity is a kind of record. Its first field is its key.
type Entity struct {
	Name   string
	Fields []Field
	// Grows says that records are never changed and come in their order: their key ends in
	// a colon and a number that grows.
	Grows bool
}

// Entities are all that is handed over, in the order in which it is: what others refer to
// comes first.
func Entities() []Entity { return slices.Clone(entities) }

var entities = []Entity{
	{Name: "place", Fields: []Field{
		{"code", Text, "mã địa bàn", "code of the place"},
		{"name", Text, "tên", "name"},
		{"parent", Text, "mã cấp trên; trống: không có", "code of the place above; empty: none"},
		{"width", Number, "số xã bên dưới, 0 là một xã", "communes below, 0 for one commune"},
	}},
	{Name: "box", Fields: []Field{
		{"id", Text, "mã thiết bị", "name of the device"},
		{"label", Text, "tên mọi người gọi", "what people call it"},
		{"place", Text, "mã địa bàn", "code of its place"},
		{"board", Text, "loại thiết bị", "kind of hardware"},
		{"added", Moment, "ngày đưa vào sổ", "when it came into the books"},
		{"in_service", Flag, "đang dùng", "in service"},
		{"state", Text, "online, lost, unknown", "online, lost, unknown"},
		{"seen", Moment, "lần cuối báo về", "when it last said something"},
		{"version", Text, "phiên bản phần mềm", "its software"},
		{"faults", List, "mã hỏng hóc đang có", "codes of its faults"},
	}},
	{Name: "bulletin", Fields: []Field{
		{"id", Text, "mã: loại/địa bàn/tên", "key: kind/place/name"},
		{"version", Moment, "lúc ký bản này", "when this version was signed"},
		{"place", Text, "mã địa bàn", "code of the place"},
		{"title", Text, "tiêu đề", "title"},
		{"text", Text, "lời", "text"},
		{"lang", Text, "ngôn ngữ, BCP 47", "language, BCP 47"},
		{"class", Text, "normal, priority, emergency, drill", "normal, priority, emergency, drill"},
		{"origin", Text, "own, higher, province, central, authority", "where it comes from"},
		{"valid_from", Moment, "có hiệu lực từ", "valid from"},
		{"valid_until", Moment, "đến", "until"},
		{"withdrawn", Flag, "đã rút", "withdrawn"},
		{"signers", List, "người ký", "who signed"},
		{"audio_sha256", Text, "mã băm âm thanh; trống: không có", "hash of its audio; empty: none"},
		{"audio_s", Number, "thời lượng, giây", "length in seconds"},
	}},
	{Name: "activity", Grows: true, Fields: []Field{
		{"id", Text, "thiết bị:số dòng trong nhật ký", "device:number of the ledger's entry"},
		{"box", Text, "mã thiết bị", "name of the device"},
		{"place", Text, "mã địa bàn lúc đó", "code of its place then"},
		{"bulletin", Text, "mã bản tin; trống: không phải bản tin", "key of the bulletin; empty: none"},
		{"title", Text, "tiêu đề", "title"},
		{"class", Text, "normal, priority, emergency, drill", "normal, priority, emergency, drill"},
		{"origin", Text, "nguồn", "where it came from"},
		{"lang", Text, "ngôn ngữ", "language"},
		{"due", Moment, "giờ theo lịch", "when it was planned"},
		{"ended", Moment, "lúc xong", "when it ended"},
		{"result", Text, "heard, cut, silent, failed …", "heard, cut, silent, failed …"},
		{"planned_s", Number, "theo kế hoạch, giây", "planned, in seconds"},
		{"heard_s", Number, "thực nghe, giây", "heard, in seconds"},
		{"proof", Text, "đo bằng gì", "how it was measured"},
		{"hash", Text, "mã băm của dòng", "hash of the entry"},
	}},
	{Name: "report", Fields: []Field{
		{"id", Text, "năm/bảng/dòng/cột", "year/table/row/column"},
		{"year", Number, "năm kế hoạch", "year of the plan"},
		{"place", Text, "mã địa bàn; trống: tất cả", "code of the place; empty: all"},
		{"row", Text, "dòng", "row"},
		{"column", Text, "cột", "column"},
		{"value", Number, "giá trị; giây với thời lượng", "value; seconds for lengths"},
		{"pending", Flag, "chờ văn bản chính thức", "waits for the official text"},
	}},
}

// Known is the entity of that name.
func Known(name string) (Entity, bool) {
	i := slices.IndexFunc(entities, func(e Entity) bool { return e.Name == name })
	if i < 0 {
		return Entity{}, false
	}
	return entities[i], true
}

func (e Entity) field(name string) (Field, bool) {
	i := slices.IndexFunc(e.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return e.Fields[i], true
}

// A Record is one thing, by our fields. A field that is not in it is not known; values are
// string, float64, bool, time.Time or []string, as the field's type says.
type Record map[string]any

// fits reports whether a value is of a type.
func (t Type) fits(v any) bool {
	switch v.(type) {
	case string:
		return t == Text
	case float64:
		return t == Number
	case bool:
		return t == Flag
	case time.Time:
		return t == Moment
	case []string:
		return t == List
	}
	return false
}
