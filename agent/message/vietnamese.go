package message

// vietnamese are the sentences about what a person may have written wrong, by the
// English that stands where they are made. What only a program writes, envelopes
// and reports, is not among them.
var vietnamese = map[string]string{
	"%q in a payload of type %q": "%q trong nội dung loại %q",
	"not UTF-8":                  "không phải UTF-8",
	"something stands behind the end, at byte %d":                          "còn chữ thừa phía sau, ở byte %d",
	"nested deeper than %d levels":                                         "lồng nhau quá %d tầng",
	"null: leave the field out, or write an empty list":                    "null: bỏ dòng này, hoặc viết danh sách trống []",
	"a field of type %s cannot come over the wire":                         "không gửi được mục kiểu %s",
	"write an object, {…}":                                                 "viết một nhóm, {…}",
	"a colon is missing behind %q":                                         "thiếu dấu hai chấm sau %q",
	"a comma or } is missing at byte %d":                                   "thiếu dấu phẩy hoặc } ở byte %d",
	"a comma or ] is missing at byte %d":                                   "thiếu dấu phẩy hoặc ] ở byte %d",
	"unknown key":                                                          "không có mục nào tên này",
	"unknown key; did you mean %q?":                                        "không có mục nào tên này; có phải là %q?",
	"unknown key; keys are case-exact: write %q":                           "không có mục nào tên này; phân biệt chữ hoa, chữ thường: viết %q",
	"the key stands here twice":                                            "mục này có hai lần",
	"an empty key":                                                         "tên mục để trống",
	"write a list, […]":                                                    "viết một danh sách, […]",
	"write true or false":                                                  "viết true hoặc false",
	"%q is no plain integer below 2^53: write digits only, without quotes": "%q không phải số nguyên: chỉ viết chữ số, không có dấu nháy",
	"%q is no number":                                                      "%q không phải số",
	"%q is no time: write it as 2026-11-23T05:30:00+07:00":                 "%q không phải thời điểm: viết như 2026-11-23T05:30:00+07:00",
	"write a text in \"…\"":                                                "viết chữ trong dấu nháy \"…\"",
	"control character U+%04X":                                             "có ký tự điều khiển U+%04X",
	"control character \\%c":                                               "có ký tự điều khiển \\%c",
	"control or bidi character U+%04X: leave it out":                       "có ký tự điều khiển hoặc đổi chiều U+%04X: bỏ đi",
	"the text does not end":                                                "chữ không có dấu nháy kết thúc",
	"half a surrogate pair":                                                "có nửa ký tự Unicode",
	"no such escape at byte %d":                                            "dấu \\ viết sai ở byte %d",
	"not in Unicode normal form NFC: letters and their marks must be composed": "dấu rời khỏi chữ: gõ lại bằng Unicode dựng sẵn (NFC)",
}
