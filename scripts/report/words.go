package report

import (
	"cmp"

	"loa/agent/health"
	"loa/agent/plan"
)

// words are the texts of a report, in Vietnamese and in English.
var words = map[string][2]string{
	"title":   {"BÁO CÁO HOẠT ĐỘNG TRUYỀN THANH CƠ SỞ NĂM %d", "GRASSROOTS BROADCASTING REPORT %d"},
	"nation":  {"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "SOCIALIST REPUBLIC OF VIETNAM"},
	"motto":   {"Độc lập - Tự do - Hạnh phúc", "Independence - Freedom - Happiness"},
	"number":  {"Số: ……/BC-……", "No.: ……/BC-……"},
	"to":      {"Nơi nhận:", "To:"},
	"to-line": {"- ……………………;", "- ……………………;"},
	"to-file": {"- Lưu: VT.", "- File."},
	"window":  {"Số liệu từ %s đến hết %s, giờ Việt Nam (+07:00), lập từ nhật ký phát do thiết bị ký.", "Data from %s to the end of %s, Vietnamese time (+07:00), made from the play logs that the boxes signed."},
	"as-of":   {"Dòng nhật ký mới nhất trong kỳ: %s.", "Newest ledger entry within the window: %s."},
	"as-none": {"Trong kỳ chưa có dòng nhật ký nào.", "There is no ledger entry within the window."},
	"late":    {"Dấu * : có dữ liệu đến trung tâm từ %s trở đi, tức là sau hạn báo cáo của tỉnh.", "A * marks rows with data that came on %s or later, after the province's report was due."},
	"rounded": {"Thời lượng ghi giờ:phút:giây, làm tròn đến giây; tệp CSV và XLSX có số đúng đến mili giây. Mã nhỏ cạnh mỗi dòng dùng cho: loactl report --year %d --why MÃ.", "Lengths are hours:minutes:seconds, rounded to the second; CSV and XLSX have them to the millisecond. The small code beside each row is for: loactl report --year %d --why CODE."},
	"place":   {"Địa bàn: %s", "Place: %s"},
	"by":      {"Đơn vị lập: %s", "Reported by: %s"},
	"pending": {"điền theo văn bản chính thức", "to be filled from the official text"},
	"sum":     {"Cộng", "Total"},
	"empty":   {"Không có.", "None."},
	"prepare": {"NGƯỜI LẬP BIỂU", "PREPARED BY"},
	"approve": {"THỦ TRƯỞNG ĐƠN VỊ", "HEAD OF UNIT"},
	"sign":    {"(Ký, ghi rõ họ tên)", "(Signature and full name)"},
	"seal":    {"(Ký, đóng dấu)", "(Signature and seal)"},
	"date":    {"…………, ngày …… tháng …… năm ………", "…………, date ……………………"},
	"row":     {"Nội dung", "Item"},
	"share":   {"tỷ lệ (%)", "share (%)"},
	"code":    {"mã dòng", "row code"},
	"table":   {"bảng", "table"},
	"measure": {"chỉ số", "measure"},
	"unit":    {"đơn vị", "unit"},
	"value":   {"giá trị", "value"},
	"late-n":  {"số dòng nhật ký đến trễ", "late entries"},
	"seconds": {"giây", "seconds"},
	"count":   {"số lượng", "count"},
	"percent": {"phần trăm", "percent"},

	"table.indicator":      {"Chỉ tiêu", "Indicators"},
	"table.air-class":      {"Thời lượng phát theo loại bản tin", "Air time by class"},
	"table.air-origin":     {"Thời lượng phát theo nguồn", "Air time by origin"},
	"table.air-lang":       {"Thời lượng phát theo ngôn ngữ", "Air time by language"},
	"table.air-place":      {"Thời lượng phát theo địa bàn", "Air time by place"},
	"table.residents":      {"Phản ánh của người dân theo thiết bị và tháng", "Reports of residents by box and month"},
	"column.loud":          {"quá to", "too loud"},
	"column.unheard":       {"không nghe được", "cannot be heard"},
	"column.other-reports": {"việc khác", "other"},
	"table.air-box":        {"Thời lượng phát theo thiết bị", "Air time by box"},
	"table.apart":          {"Diễn tập và phát thử (không tính vào các bảng khác)", "Drills and tests (in no other table)"},
	"table.result":         {"Kết quả các lượt phát", "How what was due ended"},
	"table.proof":          {"Cách đo tiếng đã phát", "How sound was measured"},
	"table.board-class":    {"Bảng điện tử: thời gian hiển thị theo loại", "Boards: time on the board by class"},
	"table.board-proof":    {"Bảng điện tử: cách xác nhận", "Boards: how showing was confirmed"},
	"table.board-kind":     {"Bảng điện tử theo loại thiết bị", "Boards by kind of box"},
	"table.coverage":       {"Độ phủ từng bản tin", "Coverage of each bulletin"},
	"table.refused":        {"Nội dung bị thiết bị từ chối, theo mã", "Refusals by code"},
	"table.fault":          {"Sự cố và linh kiện cần thay", "Faults and the part they ask for"},
	"table.uptime-place":   {"Thời gian hoạt động theo địa bàn", "Uptime by place"},
	"table.uptime-box":     {"Thời gian hoạt động theo thiết bị", "Uptime by box"},
	"table.lost":           {"Mất dữ liệu", "Lost data"},
	"table.undated":        {"Ghi khi đồng hồ chưa tin được (tính riêng)", "Written without a trusted clock (counted apart)"},
	"table.ledger":         {"Nhật ký đã dùng", "Ledgers used"},

	"note.indicator":    {"Địa bàn ở đây là đơn vị cấp xã hoặc nhỏ hơn có trong sổ. Loa hoạt động: trong kỳ có tiếng đã đo được.", "A place here is of commune level or less, as the books have it. Working: sound was measured there within the window."},
	"note.air-place":    {"“Riêng” là thiết bị đặt ngay tại địa bàn; các cột sau gồm cả cấp dưới, không cộng dồn các dòng.", "“Own” is what boxes at the place itself did; the columns after it have all below it, and do not add up over rows."},
	"note.coverage":     {"Đối tượng: thiết bị mà bản tin nhắm tới. Nghe đủ, một phần, không: theo tiếng đã đo, lần tốt nhất của mỗi thiết bị. Chưa rõ: thiết bị chưa gửi dòng nào về bản tin.", "For: boxes that the bulletin was for. Whole, partly, not: by measured sound, the best of each box. No word: boxes that have told nothing of it."},
	"note.uptime-place": {"Có chứng cứ: khoảng giữa hai dòng nhật ký của cùng một lần chạy. Phần còn lại là không biết, không phải là hỏng.", "Proven: the time between two entries of one run. The rest is unknown, which does not mean broken."},
	"note.lost":         {"Dòng thiếu: số thứ tự không về tới trung tâm. Rẽ nhánh: thiết bị kể hai quá khứ khác nhau. Hỏng: chữ ký hoặc chuỗi sai; từ chỗ đó trở đi không tính.", "Missing: numbers that never came. Forked: the box told two different pasts. Damaged: a signature or link is wrong; nothing after it is counted."},

	"column.number":      {"số lượng", "number"},
	"column.of":          {"trên tổng số", "of"},
	"column.times":       {"lượt", "times"},
	"column.air":         {"thời lượng phát", "air time"},
	"column.heard":       {"có tiếng đo được", "measured sound"},
	"column.own-times":   {"lượt (riêng)", "times (own)"},
	"column.own-air":     {"thời lượng (riêng)", "air time (own)"},
	"column.own-heard":   {"có tiếng (riêng)", "measured (own)"},
	"column.on-board":    {"thời gian trên bảng", "on the board"},
	"column.seen":        {"bảng đã nhận", "taken by the board"},
	"column.boxes":       {"thiết bị", "boxes"},
	"column.shown-boxes": {"bảng đã hiện", "boards that showed"},
	"column.for":         {"đối tượng", "for"},
	"column.whole":       {"nghe đủ", "whole"},
	"column.partly":      {"một phần", "partly"},
	"column.not":         {"không", "not"},
	"column.no-word":     {"chưa rõ", "no word"},
	"column.of-sound":    {"văn bản và phát thanh", "documents and sound"},
	"column.of-board":    {"hiển thị", "boards"},
	"column.lasted":      {"kéo dài", "lasted"},
	"column.own-service": {"trong sổ (riêng)", "in service (own)"},
	"column.own-proven":  {"có chứng cứ (riêng)", "proven (own)"},
	"column.service":     {"trong sổ", "in service"},
	"column.proven":      {"có chứng cứ", "proven"},
	"column.missing":     {"dòng thiếu", "missing entries"},
	"column.gaps":        {"chỗ đứt", "gaps"},
	"column.forked":      {"rẽ nhánh", "forked"},
	"column.damaged":     {"hỏng", "damaged"},
	"column.silent":      {"không có dòng nào", "no entry at all"},
	"column.unwritten":   {"thiết bị không ghi được", "not written by the box"},
	"column.entries":     {"dòng", "entries"},
	"column.late":        {"đến trễ", "late"},

	"indicator.places-with-boxes": {"Địa bàn đã chuyển sang truyền thanh IP (có thiết bị trong sổ)", "Places converted to IP (with a box in the books)"},
	"indicator.places-speaking":   {"Địa bàn có loa hoạt động, trên số địa bàn có thiết bị", "Places with working speakers, of those with a box"},
	"indicator.boards-showing":    {"Bảng điện tử đã kết nối và hiển thị, trên số bảng trong sổ", "Boards connected and showing, of those in the books"},
	"indicator.stations-all":      {"Tổng số đài truyền thanh cấp xã phải chuyển đổi", "Commune stations to be converted, in all"},
	"indicator.web-pages":         {"Xã có trang thông tin điện tử", "Communes with a web page"},
	"indicator.boards-large":      {"Bảng LED, LCD cỡ lớn đã kết nối (cỡ nào là lớn do văn bản quy định; xem bảng theo loại thiết bị)", "Large LED and LCD boards connected (the text says what is large; see boards by kind)"},
	"indicator.annexes":           {"Các dòng theo phụ lục của Thông tư 39/2020/TT-BTTTT và hướng dẫn kết nối", "Rows of the annexes of Circular 39/2020/TT-BTTTT and of the guidance on connection"},

	"class.emergency": {"khẩn cấp", "emergency"}, "class.live": {"trực tiếp", "live"}, "class.drill": {"diễn tập", "drill"},
	"class.priority": {"ưu tiên", "priority"}, "class.normal": {"thông thường", "normal"}, "class.filler": {"nhạc nền", "filler"}, "class.test": {"phát thử", "test"},

	"origin.own": {"tự sản xuất", "own programmes"}, "origin.higher": {"tiếp sóng, tiếp âm cấp trên", "higher levels' programmes"},
	"origin.central": {"hệ thống thông tin nguồn trung ương", "central source system"}, "origin.provincial": {"hệ thống thông tin nguồn cấp tỉnh", "provincial source system"},
	"origin.notice": {"thông báo của chính quyền địa phương", "local authorities' notices"}, "origin.answer": {"trả lời phản ánh, kiến nghị", "answers to citizen reports"},

	"result.heard": {"nghe được", "heard"}, "result.weak": {"tiếng yếu", "weak"}, "result.partial": {"một phần", "partial"},
	"result.pre-empted": {"bị chen ngang", "pre-empted"}, "result.silent": {"không có tiếng", "silent"}, "result.proven": {"đạt, không phát tiếng", "proven without sound"}, "result.missed": {"lỡ", "missed"}, "result.refused": {"từ chối", "refused"},

	"proof.mixer": {"sau bộ trộn", "at the mixer"}, "proof.sink": {"tại cạc âm thanh", "at the sound card"}, "proof.monitor": {"ngõ kiểm âm", "monitor input"},
	"proof.current": {"dòng điện của loa", "current of the horn"}, "proof.mic": {"mi-crô", "microphone"}, "proof.panel": {"bảng trả lời", "the board answered"},
	"proof.sent": {"đã gửi, bảng không trả lời được", "sent; the board never answers"}, "proof.-": {"không đo", "not measured"},

	"kind.boot": {"khởi động", "boot"}, "kind.start": {"bắt đầu phát", "start"}, "kind.pause": {"tạm dừng", "pause"}, "kind.end": {"kết thúc", "end"},
	"kind.shown": {"hiển thị", "shown"}, "kind.refused": {"từ chối", "refused"}, "kind.alert": {"báo động", "alert"}, "kind.mute": {"tắt tiếng", "mute"},
	"kind.clock": {"đồng hồ", "clock"}, "kind.fault": {"sự cố", "fault"}, "kind.console": {"tại chỗ", "console"}, "kind.event": {"sự việc", "event"},

	"lang.vi": {"tiếng Việt", "Vietnamese"}, "lang.km": {"tiếng Khmer", "Khmer"}, "lang.en": {"tiếng Anh", "English"},

	"trace.box": {"thiết bị", "box"}, "trace.name": {"tên gọi", "name"}, "trace.place": {"địa bàn", "place"}, "trace.best": {"kết quả", "outcome"},
	"trace.why": {"vì sao", "why"}, "trace.heard": {"có tiếng (giây)", "heard (seconds)"}, "trace.planned": {"dài (giây)", "planned (seconds)"},
	"trace.time": {"lúc", "time"}, "trace.entry": {"dòng nhật ký", "entry"}, "trace.hash": {"mã băm", "hash"}, "trace.seen": {"bảng đã hiện", "its board showed it"},

	"any.-":     {"không ghi", "not said"},
	"any.other": {"khác", "other"},
}

// Heading is what people call a column.
func Heading(c Column, lang string) string { return text(lang, "column."+c.ID) }

// kinds say which words the keys of a table are looked up in.
var kinds = map[string]string{
	"indicator": "indicator.", "air-class": "class.", "apart": "class.", "board-class": "class.", "air-origin": "origin.", "air-lang": "lang.",
	"result": "result.", "proof": "proof.", "board-proof": "proof.", "undated": "kind.",
}

// Languages are those a report can be in; any other is the first.
var Languages = []string{"vi", "en"}

// text is a text in a language.
func text(lang, key string) string { return pick(lang, words[key][0], words[key][1]) }

func pick(lang, vi, en string) string {
	if lang == "en" {
		return en
	}
	return vi
}

// label is what people call a row.
func label(lang, table string, r Row) string {
	if known, ok := words[kinds[table]+r.Key]; ok && kinds[table] != "" {
		return pick(lang, known[0], known[1])
	}
	switch table {
	case "refused":
		if r.Key != other && r.Key != nothing {
			s := plan.Code(r.Key).Sentence()
			return r.Key + ": " + pick(lang, s.VI, s.EN)
		}
	case "fault":
		if c, ok := health.Lookup(r.Key); ok {
			if part := pick(lang, c.PartVI, c.PartEN); part != "" {
				return part + ": " + pick(lang, c.VI, c.EN)
			}
			return pick(lang, c.VI, c.EN)
		}
	}
	if known, ok := words["any."+r.Key]; ok {
		return pick(lang, known[0], known[1])
	}
	return cmp.Or(r.Name, r.Key)
}
