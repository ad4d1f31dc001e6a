package viet

import "fmt"

// sentences says in English and in Vietnamese what is wrong.
func (f Finding) sentences() (en, vi string) {
	r := f.Rune
	switch f.Kind {
	case Decomposed:
		return "Letters and their marks are stored apart (not in Unicode form NFC).",
			"Chữ và dấu đang được lưu tách rời (không phải Unicode dựng sẵn, NFC)."
	case MarkOrder:
		return fmt.Sprintf("The marks of %s are stored in the wrong order.", f.To),
			fmt.Sprintf("Các dấu của chữ %s bị lưu sai thứ tự.", f.To)
	case MarkDouble:
		return fmt.Sprintf("The letter %s has the same mark twice.", f.To),
			fmt.Sprintf("Chữ %s bị thừa một dấu trùng lặp.", f.To)
	case MarkStray:
		return fmt.Sprintf("The mark U+%04X makes no letter with what stands before it.", r),
			fmt.Sprintf("Dấu U+%04X không ghép được với ký tự đứng trước thành một chữ.", r)
	case LookAlike:
		return fmt.Sprintf("%c (U+%04X) is a letter of another alphabet that looks like %s.", r, r, f.To),
			fmt.Sprintf("%c (U+%04X) là chữ của bảng chữ cái khác, chỉ trông giống %s.", r, r, f.To)
	case Styled:
		return fmt.Sprintf("%c (U+%04X) is not the plain character %s.", r, r, f.To),
			fmt.Sprintf("%c (U+%04X) không phải ký tự thường %s.", r, r, f.To)
	case Space:
		return fmt.Sprintf("U+%04X is not the plain space or line end that it looks like.", r),
			fmt.Sprintf("U+%04X không phải dấu cách hay dấu xuống dòng thông thường.", r)
	case Invisible:
		return fmt.Sprintf("There is a character that nobody sees: U+%04X.", r),
			fmt.Sprintf("Có ký tự không nhìn thấy được: U+%04X.", r)
	case Lost:
		return "A letter was lost before the text came here.",
			"Có chữ đã bị mất trước khi văn bản được đưa vào đây."
	}
	if f.Encoding == "UTF-8" {
		return "This is Unicode (UTF-8) that was read in the wrong encoding.",
			"Đây là văn bản Unicode (UTF-8) bị đọc sai bảng mã."
	}
	return fmt.Sprintf("This is not Unicode; it seems to be written in %s.", f.Encoding),
		fmt.Sprintf("Văn bản này không phải Unicode, có vẻ dùng bảng mã %s.", f.Encoding)
}
