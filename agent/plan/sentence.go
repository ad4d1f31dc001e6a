package plan

// A Sentence says a code to people: what happened, without the particulars.
type Sentence struct{ VI, EN string }

// sentences has one line for every code.
var sentences = map[Code]Sentence{
	Accepted:     {"Đã chấp nhận.", "Accepted."},
	TooLarge:     {"Bản tin quá lớn, vượt giới hạn 64 KiB.", "The message is larger than 64 KiB."},
	Malformed:    {"Bản tin sai định dạng nên không đọc được.", "The message is not written as agreed."},
	Unsigned:     {"Bản tin không có chữ ký.", "The message carries no signature."},
	NotAddressed: {"Bản tin không gửi cho thiết bị này.", "The message is not for this box."},
	UnknownKey:   {"Khóa ký chưa được cấp quyền nào trên thiết bị này.", "No list known to this box names the key that signed."},
	Signature:    {"Chữ ký không đúng; nội dung có thể đã bị sửa.", "The signature does not fit; the content may have been changed."},
	Scope:        {"Người ký không có quyền ở địa bàn hoặc cơ quan này, hoặc quy định của địa bàn không cho phép nội dung này.", "The signer has no authority over this place or office, or the place's policy does not allow what it says."},
	WrongKind:    {"Người ký không được phép gửi loại bản tin này.", "The signer may not send this kind of message."},
	WrongClass:   {"Người ký không được phép dùng mức bản tin này.", "The signer may not use this class of bulletin."},
	Quorum:       {"Chưa đủ số người ký theo quy định.", "Too few people have signed."},
	Expired:      {"Bản tin hoặc quyền của người ký đã hết hạn.", "The message or the signer's authority has ended."},
	NotYet:       {"Bản tin ghi thời điểm ở tương lai.", "The message bears a time that has not come yet."},
	Lifetime:     {"Thời hạn hiệu lực dài hơn mức cho phép.", "It would be valid for longer than allowed."},
	ClockCode:    {"Thiết bị chưa biết chắc giờ nên chưa thể chấp nhận.", "The box is not sure enough of the time to accept it."},
	Replay:       {"Bản tin cũ hoặc đã được xử lý trước đây.", "The message is old, or was handled before."},
	Conflict:     {"Hai nội dung khác nhau mang cùng một phiên bản.", "Two different contents bear the same version."},
	Rollback:     {"Bản này cũ hơn bản đang dùng nên bị từ chối.", "It is older than what is in force."},
	Revoked:      {"Quyền của người ký đã bị thu hồi.", "The signer's authority has been revoked."},
	Stale:        {"Thiết bị chưa có danh sách quyền mới nhất hoặc đã mất liên lạc với trung tâm.", "The box lacks the newest lists of authority, or has lost the centre."},
	QuietHours:   {"Đang trong giờ yên tĩnh.", "It is quiet hours."},
	Airtime:      {"Đã hết thời lượng phát cho phép.", "The air time allowed is used up."},
	RepeatLimit:  {"Bản tin đã được phát lại đủ số lần cho phép.", "It has been repeated as often as allowed."},
	Priority:     {"Nhường cho bản tin có mức ưu tiên cao hơn.", "It gives way to a bulletin of higher priority."},
	Muted:        {"Cụm loa đang bị tắt tiếng.", "The cluster is muted."},
	LocalMode:    {"Kỹ thuật viên đang làm việc tại loa; lệnh từ xa không phát.", "A technician works at the horns; nothing remote sounds."},
	SafeMode:     {"Thiết bị khởi động hỏng nhiều lần nên đang ở chế độ an toàn, chỉ phát tin khẩn cấp.", "The box failed to start several times and is in safe mode: only emergencies sound."},
	DrillPreface: {"Diễn tập phải phát bằng lệnh diễn tập để có lời báo trước.", "A drill must be played as a drill, with its spoken preface."},
	MediaMissing: {"Thiết bị chưa có bản ghi âm hoặc hình cần dùng.", "The recording or picture has not arrived on the box."},
	MediaDigest:  {"Bản ghi âm hoặc hình tải về không đúng tệp đã ký.", "The recording or picture is not the one that was signed."},
	MediaFormat:  {"Không đọc được tệp âm thanh hoặc hình.", "The recording or picture cannot be read."},
	GlyphMissing: {"Phông chữ thiếu ký tự cần hiển thị.", "The font lacks a character of the text."},
	TooBig:       {"Chữ không vừa bảng, hoặc hình quá lớn.", "The words do not fit the board, or the picture is too large."},
	Storage:      {"Bộ nhớ dành cho người ký này đã đầy.", "The room kept for this signer is used up."},
	Unsupported:  {"Thiết bị chưa hỗ trợ loại hoặc định dạng này.", "The box does not understand this kind or format yet."},
}

// Sentence is what the code says to people, in Vietnamese and English.
func (c Code) Sentence() Sentence {
	if s, ok := sentences[c]; ok {
		return s
	}
	return Sentence{VI: "Bị từ chối: " + string(c) + ".", EN: "Refused: " + string(c) + "."}
}

// Codes are all the codes, in the order in which they are judged.
func Codes() []Code {
	return []Code{
		TooLarge, Malformed, Unsigned, NotAddressed, UnknownKey, Signature, Scope, WrongKind, WrongClass, Quorum,
		Expired, NotYet, Lifetime, ClockCode, Replay, Conflict, Rollback, Revoked, Stale,
		QuietHours, Airtime, RepeatLimit, Priority, Muted, LocalMode, SafeMode, DrillPreface,
		MediaMissing, MediaDigest, MediaFormat, GlyphMissing, TooBig, Storage, Unsupported,
	}
}
