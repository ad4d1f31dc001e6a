package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// vietnamese are the sentences of this room's errors, by the English that stands
// where they are made. A test holds the two together.
var vietnamese = map[string]string{
	"%v":      "%v",
	"missing": "còn thiếu",

	"%d; write %d":                       "%d; viết %d",
	"%d; write %d to %d":                 "%d; viết từ %d đến %d",
	"%q; write %q":                       "%q; viết %q",
	"%q; write %s":                       "%q; viết một trong: %s",
	"%.40q; write %s":                    "%.40q; viết một trong: %s",
	"%q; write beat":                     "%q; viết beat",
	"%q; write list":                     "%q; viết list",
	"%q; write the number, %d":           "%q; viết con số, %d",
	"%q stands here twice":               "%q có hai lần ở đây",
	"%q stands among the alerts as well": "%q cũng có trong danh sách báo động",

	"%q is no sum: 32 hexadecimal digits":            "%q không phải tổng kiểm: cần 32 chữ số thập lục phân",
	"%q is no telephone number such as +84912345678": "%q không phải số điện thoại như +84912345678",
	"names that begin with %s are the boxes' own":    "tên bắt đầu bằng %s là của riêng thiết bị",

	"%d is newer than this box; it understands %d":                          "%d mới hơn thiết bị này; thiết bị hiểu đến %d",
	"both a place and a device: write one of them":                          "có cả địa bàn lẫn thiết bị: chỉ viết một",
	"neither a place nor a device: write one of them":                       "không có địa bàn cũng không có thiết bị: viết một trong hai",
	"missing: a %s is said to a place":                                      "còn thiếu: văn bản loại %s phải nêu địa bàn",
	"%q is reserved and no place":                                           "%q là từ dành riêng, không phải địa bàn",
	"it ends before it begins":                                              "kết thúc trước khi bắt đầu",
	"%s after it was issued; at most %s":                                    "%s sau khi ký; tối đa %s",
	"missing: write a time such as 2026-11-23T05:30:00+07:00":               "còn thiếu: viết thời điểm như 2026-11-23T05:30:00+07:00",
	"the year %d; write one from 2020 to 2200":                              "năm %d; viết năm từ 2020 đến 2200",
	"%.64q is no id: write 1 to 64 of a-z, 0-9 and -, not beginning with -": "%.64q không dùng làm mã được: viết 1 đến 64 ký tự a-z, 0-9 và -, không bắt đầu bằng -",
	"%.40q; write 1 to 4 numbers with dots, such as 1.10.2":                 "%.40q; viết 1 đến 4 số cách nhau bằng dấu chấm, như 1.10.2",
	"it opens neither later nor wider than the ring before":                 "không mở muộn hơn hoặc rộng hơn vòng trước",
	"a line feed: write it on one line":                                     "có xuống dòng: viết trên một dòng",
	"%d letters; at most %d":                                                "%d chữ; tối đa %d",
	"space at the beginning or the end":                                     "thừa dấu cách ở đầu hoặc cuối",
	"%d entries; write %d to %d":                                            "%d mục; viết từ %d đến %d mục",
	"not a SHA-256: write 64 lower-case hex digits":                         "không phải mã SHA-256: viết 64 chữ số thập lục phân, chữ thường",
	"write the padded base64 of %d bytes":                                   "viết base64 đủ dấu = của %d byte",
	"%.40q is no language: write a BCP 47 tag such as vi, en or khm":        "%.40q không phải mã ngôn ngữ: viết mã BCP 47 như vi, en hay khm",
	"%.64q: write %s://host/…, without a user name or fragment":             "%.64q: viết %s://máy/…, không có tên người dùng hay dấu #",
	"space in an address":                                                   "có dấu cách trong địa chỉ",

	"%q is no offset from UTC: write +07:00":                                           "%q không phải múi giờ: viết +07:00",
	"a drill plays bulletins of class drill and nothing else":                          "diễn tập chỉ phát bản tin loại drill",
	"%q is no zone: write +07:00 or Asia/Ho_Chi_Minh":                                  "%q không phải múi giờ: viết +07:00 hoặc Asia/Ho_Chi_Minh",
	"%q is no time of day: write 05:30 or 05:30:15":                                    "%q không phải giờ trong ngày: viết 05:30 hoặc 05:30:15",
	"%q is no date: write 2026-02-17":                                                  "%q không phải ngày: viết 2026-02-17",
	"%q is no day: write one of %s":                                                    "%q không phải thứ trong tuần: viết một trong %s",
	"a day begins at 00:00":                                                            "một ngày bắt đầu lúc 00:00",
	"the same as from: write 00:00 and 24:00 for the whole day":                        "trùng với from: cả ngày thì viết 00:00 và 24:00",
	"%.64q: the port is a number from 1 to 65535":                                      "%.64q: cổng là một số từ 1 đến 65535",
	"%.64q is no host: write radio.example.vn or radio.example.vn:8443, in lower case": "%.64q không phải tên máy: viết radio.example.vn hoặc radio.example.vn:8443, chữ thường",

	"before live talk goes a chime and nothing else":                 "trước khi nói trực tiếp chỉ phát một tiếng chuông",
	"missing: a drill plays a bulletin of class drill":               "còn thiếu: diễn tập phát một bản tin có class = \"drill\"",
	"missing: write what is to be played":                            "còn thiếu: viết phát gì",
	"it follows from what is played: leave it out":                   "đã theo nội dung được phát: bỏ dòng này",
	"a live programme is not told twice: leave out stagger":          "chương trình trực tiếp không phát hai lượt: bỏ stagger",
	"it does not belong to %s: leave it out":                         "không thuộc loại %s: bỏ dòng này",
	"%q in the slot of %q: an office writes only its own":            "%q ở chỗ của %q: mỗi cơ quan chỉ viết phần của mình",
	"missing: write [] for all clear":                                "còn thiếu: viết [] khi hết báo động",
	"an alert of one's own: leave it out of alerts":                  "đây là báo động của chính mình: bỏ nó khỏi alerts",
	"%g; write -70 to 0, or leave it out":                            "%g; viết từ -70 đến 0, hoặc bỏ dòng này",
	"nothing to say or show: write audio, pages or text":             "không có gì để phát hay hiện: viết audio, pages hoặc text",
	"missing: what a machine read is signed together with its text":  "còn thiếu: tiếng do máy đọc phải được ký cùng với lời của nó",
	"an emergency has the whole board: write it as a page":           "tin khẩn cấp chiếm cả bảng: viết thành một trang",
	"nothing that it could run under: write pages or text":           "không có trang nào phía trên: viết thêm pages hoặc text",
	"write either text or image":                                     "viết text hoặc image, chỉ một trong hai",
	"only a picture has bytes and a type":                            "chỉ hình mới có bytes và type",
	"missing: write [] when there are to be none":                    "còn thiếu: viết [] nếu không có giờ nào",
	"they open %d times a day; at most %d":                           "mở %d lần một ngày; tối đa %d",
	"write either at or every":                                       "viết at hoặc every, chỉ một trong hai",
	"%d of ref, relay and chime: write one":                          "có %d trong số ref, relay và chime: viết đúng một",
	"%d s, longer than the %d minutes until the slot comes again":    "%d giây, dài hơn %d phút cho đến khi khung giờ lặp lại",
	"%.64q: write alsa: and the name of an input, such as alsa:line": "%.64q: viết alsa: và tên ngõ vào, như alsa:line",
	"missing: a time answer is for the box that asked":               "còn thiếu: trả lời giờ là cho thiết bị đã hỏi",
	"write place/office":                                             "viết ĐỊA-BÀN/CƠ-QUAN",
	"missing: a want is for one box":                                 "còn thiếu: cài đặt là cho một thiết bị",
	"%q is the box's own place already":                              "%q đã là địa bàn của chính thiết bị",

	"not the base64 of a 32-byte Ed25519 key: write the 44 characters that end in \"=\"": "không phải base64 của khóa Ed25519 dài 32 byte: viết 44 ký tự, kết thúc bằng \"=\"",
	"a key of low order, for which anyone can sign: make a new key":                      "khóa yếu, ai cũng ký thay được: tạo khóa mới",
	"a key or a holder that stands here already: every share needs its own":              "khóa hoặc người giữ khóa này đã có: mỗi phần phải có khóa và người riêng",
	"write the place %q and the id %q":                                                   "viết địa bàn %q và mã %q",
	"write the place whose list this is, or %q":                                          "viết địa bàn của danh sách này, hoặc %q",
	"a key at the dispatcher may hold nothing else, in no other grant either":            "khóa ở máy điều phối không được giữ quyền nào khác, ở quyền khác cũng không",
	"only the root's list has the table: leave it out":                                   "chỉ danh sách gốc có bảng này: bỏ đi",
	"a key for %s lies at the dispatcher and may hold nothing else":                      "khóa cho %s nằm ở máy điều phối và không được giữ quyền nào khác",
	"missing: an alert grant names the office whose slot it writes":                      "còn thiếu: quyền báo động phải nêu cơ quan",
	"the issuer below itself: a place cannot stand above itself":                         "địa bàn không thể nằm dưới chính mình",
	"%q stands here twice: codes are never reused":                                       "%q có hai lần ở đây: mã không dùng lại bao giờ",
	"%q is neither the issuer nor in this list: an orphan":                               "%q không phải nơi lập danh sách, cũng không có trong danh sách này",
	"a circle, or more than %d places above one another":                                 "vòng tròn, hoặc hơn %d cấp địa bàn chồng lên nhau",

	"%d days": "%d ngày",
}

// InVietnamese says by table what format says in English of the same arguments;
// it is empty where the table lacks the sentence.
func InVietnamese(table map[string]string, format string, args ...any) string {
	text, ok := table[format]
	if !ok {
		return ""
	}
	own := make([]any, len(args))
	for i, a := range args {
		own[i] = a
		if s, ok := a.(saying); ok {
			own[i] = s.vi
		}
	}
	return fmt.Sprintf(text, own...)
}

// A saying says what is wrong with something, in both languages.
type saying struct{ en, vi string }

func (s saying) Error() string { return s.en }

func say(format string, args ...any) saying {
	return saying{fmt.Sprintf(format, args...), InVietnamese(vietnamese, format, args...)}
}

// Decimal writes x with one digit behind the comma, as people here do: 1,5.
func Decimal(x float64) string {
	return strings.Replace(strconv.FormatFloat(x, 'f', 1, 64), ".", ",", 1)
}
