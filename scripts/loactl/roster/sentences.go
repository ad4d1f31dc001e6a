package roster

import (
	"cmp"
	"slices"

	"loa/agent/plan"
)

// sorted are the problems in the order of their lines.
func (s *sheet) sorted() []Problem {
	slices.SortStableFunc(s.problems, func(x, y Problem) int { return cmp.Compare(x.Line, y.Line) })
	return s.problems
}

// sentences say what is wrong and what to write instead.
var sentences = map[string]plan.Sentence{
	"empty":          {EN: "there is nothing in it: the first line has the headings, such as code,name,parent", VI: "tệp không có gì: dòng đầu là tên cột, ví dụ mã,tên,cấp trên"},
	"too-large":      {EN: "the file has more than %d MiB: divide it", VI: "tệp lớn hơn %d MiB: hãy chia nhỏ"},
	"too-long":       {EN: "more than %d lines: divide the file", VI: "hơn %d dòng: hãy chia nhỏ tệp"},
	"workbook":       {EN: "this is a workbook, not a CSV: in the spreadsheet choose Save as, CSV UTF-8", VI: "đây là sổ tính, không phải CSV: trong bảng tính chọn Lưu thành (Save as), CSV UTF-8"},
	"binary":         {EN: "this is no text: save it as CSV UTF-8", VI: "đây không phải văn bản: hãy lưu thành CSV UTF-8"},
	"no-utf8":        {EN: "letters that are not UTF-8: save the file as CSV UTF-8", VI: "có chữ không phải UTF-8: hãy lưu tệp thành CSV UTF-8"},
	"legacy":         {EN: "the text is in %s: convert the file to Unicode and save it as CSV UTF-8; this line is probably %q", VI: "chữ ở bảng mã %s: hãy chuyển tệp sang Unicode rồi lưu thành CSV UTF-8; dòng này có lẽ là %q"},
	"lost":           {EN: "a letter was lost before (%q): write the word again", VI: "có chữ đã mất từ trước (%q): hãy viết lại từ đó"},
	"quotes":         {EN: "a quotation mark that is not closed, or that stands within a word: put the whole cell in \"…\", and write \"\" for one inside it", VI: "dấu nháy kép không đóng, hoặc nằm giữa chữ: đặt cả ô trong \"…\", và viết \"\" cho dấu nháy bên trong"},
	"cells":          {EN: "%d cells, and %d headings: a name with a comma in it stands in \"…\"", VI: "có %d ô mà chỉ có %d cột: tên có dấu phẩy phải đặt trong \"…\""},
	"column-twice":   {EN: "a second column %q: leave one out", VI: "có hai cột %q: bỏ bớt một"},
	"column-near":    {EN: "there is no such column; write %q, or leave the column out", VI: "không có cột này; viết %q hoặc bỏ cột đi"},
	"column-missing": {EN: "there is no column %q (%s): the first line has the headings, and here it has %s", VI: "thiếu cột %q (%s): dòng đầu phải là tên cột, mà ở đây là %s"},
	"missing":        {EN: "missing: write it, or take out the line", VI: "còn thiếu: hãy viết vào, hoặc bỏ dòng này"},
	"reserved":       {EN: "%q is reserved and no place", VI: "%q là từ dành riêng, không phải địa bàn"},
	"number":         {EN: "%q has become a number: make the column text in the spreadsheet and write the code again", VI: "%q đã bị đổi thành số: định dạng cột là văn bản (Text) rồi viết lại mã"},
	"capital":        {EN: "%q: write %s, codes have small letters only", VI: "%q: viết %s, mã chỉ dùng chữ thường"},
	"code":           {EN: "%q is no code: write 1 to 64 of a-z, 0-9 and -, not beginning with -", VI: "%q không dùng làm mã được: viết 1 đến 64 ký tự a-z, 0-9 và -, không bắt đầu bằng -"},
	"zeros":          {EN: "%s is shorter than the %d digits of the others: the spreadsheet has dropped zeros; write %s, in a text column", VI: "%s ngắn hơn các mã khác (%d chữ số): bảng tính đã bỏ số 0 ở đầu; viết %s, trong cột định dạng văn bản"},
	"twice":          {EN: "%s stands in line %d already: codes are never used twice", VI: "%s đã có ở dòng %d: mã không dùng lại bao giờ"},
	"device-twice":   {EN: "box %s stands in line %d already", VI: "thiết bị %s đã có ở dòng %d"},
	"long":           {EN: "%d letters; at most %d", VI: "%d chữ; tối đa %d"},
	"control":        {EN: "a character that cannot be read: write the name again", VI: "có ký tự không đọc được: hãy viết lại tên"},
	"width":          {EN: "%q: write 0 for a commune or less, 1 to %d for what is wide, or nothing", VI: "%q: viết 0 cho xã trở xuống, 1 đến %d cho địa bàn rộng, hoặc để trống"},
	"date":           {EN: "%q is no day: write 2025-07-01 or 1/7/2025", VI: "%q không phải ngày: viết 2025-07-01 hoặc 1/7/2025"},
	"backwards":      {EN: "it ends before it begins", VI: "kết thúc trước khi bắt đầu"},
	"until-into":     {EN: "what ends has become a part of something: write until and into, or neither", VI: "địa bàn kết thúc thì đã nhập vào nơi khác: viết cả cột đến và cột sáp nhập vào, hoặc bỏ cả hai"},
	"no-place":       {EN: "there is no place %q, neither in this file nor in the books", VI: "không có địa bàn %q, trong tệp này cũng như trong sổ"},
	"near":           {EN: "; is it %s?", VI: "; có phải %s không?"},
	"ambiguous":      {EN: "%q is the name of %d places: write the code, one of %s", VI: "%q là tên của %d địa bàn: viết mã, một trong %s"},
	"ended":          {EN: "%s has ended and is a part of %s (%s): write that", VI: "%s đã kết thúc và nay thuộc %s (%s): viết mã đó"},
	"itself":         {EN: "%s cannot be above itself", VI: "%s không thể thuộc chính nó"},
	"circle":         {EN: "%s would be above itself, by way of %s", VI: "%s sẽ thuộc chính nó, qua %s"},
	"deep":           {EN: "%s would have more than %d places above it", VI: "phía trên %s sẽ có quá %d cấp"},
	"orphan":         {EN: "on that day there is no %s yet", VI: "vào ngày đó chưa có %s"},
	"reused":         {EN: "%s has ended and is now a part of %s: codes are never used twice", VI: "%s đã kết thúc và nay thuộc %s: mã không dùng lại bao giờ"},
	"renamed":        {EN: "%s is called %q in the books; to rename it: loactl place rename %s %q --on DATE", VI: "trong sổ %s tên là %q; muốn đổi tên: loactl place rename %s %q --on NGÀY"},
	"reparented":     {EN: "in the books %s belongs to %q; to move it: loactl place move %s %s --on DATE", VI: "trong sổ %s thuộc %q; muốn chuyển: loactl place move %s %s --on NGÀY"},
	"merge":          {EN: "%s is in the books; to end it: loactl place merge %[1]s --into %[2]s --on DATE", VI: "%s đã có trong sổ; muốn kết thúc: loactl place merge %[1]s --into %[2]s --on NGÀY"},
	"group-twice":    {EN: "%q is the box's own place, or stands here twice: leave it out", VI: "%q là địa bàn của chính thiết bị, hoặc có hai lần: bỏ bớt"},
	"groups":         {EN: "%d groups; at most %d", VI: "%d nhóm; tối đa %d"},
}
