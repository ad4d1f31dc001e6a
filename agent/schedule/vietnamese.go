package schedule

// vietnamese are the sentences of what cannot sound, by the English that stands
// where they are made.
var vietnamese = map[string]string{
	"a drill never plays an emergency bulletin":                   "diễn tập không phát bản tin khẩn cấp",
	"a drill sounds only by act.drill, which says that it is one": "bản tin diễn tập chỉ phát bằng lệnh diễn tập, có lời báo trước",
	"no chime is called %q: there are %s":                         "không có tiếng nào tên %q: chỉ có %s",
	"bulletin %s is not on the box":                               "bản tin %s chưa có trên thiết bị",
	"bulletin %s is %.12s here, not %.12s":                        "bản tin %s trên thiết bị là bản %.12s, không phải %.12s",
	"bulletin %s was withdrawn":                                   "bản tin %s đã thu hồi",
	"bulletin %s holds from %s":                                   "bản tin %s có hiệu lực từ %s",
	"bulletin %s ended at %s":                                     "bản tin %s hết hạn lúc %s",
	"the slot is a drill, and this is %s":                         "khung giờ này là diễn tập, còn đây là bản tin mức %s",
	"a schedule never plays %s: send it as an alert or an act":    "lịch phát không bao giờ phát tin mức %s: gửi bằng báo động hoặc lệnh phát",
}
