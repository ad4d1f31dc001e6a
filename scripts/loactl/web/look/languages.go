package look

// Languages of bulletins, by what readers of a page call them, under lang.CODE. Codes are
// those of ISO 639.
var languages = map[string]map[string]string{
	"vi": {
		"lang.vi":  "tiếng Việt",
		"lang.en":  "tiếng Anh",
		"lang.zh":  "tiếng Hoa",
		"lang.km":  "tiếng Khmer",
		"lang.cjm": "tiếng Chăm",
		"lang.hmn": "tiếng Mông",
		"lang.rad": "tiếng Ê-đê",
		"lang.jra": "tiếng Gia-rai",
		"lang.bdq": "tiếng Ba-na",
		"lang.sed": "tiếng Xơ-đăng",
		"lang.kpm": "tiếng Cơ-ho",
		"lang.cmo": "tiếng M’nông",
		"lang.ktv": "tiếng Cơ-tu",
		"lang.hre": "tiếng Hrê",
		"lang.blt": "tiếng Thái",
		"lang.tyz": "tiếng Tày",
		"lang.nut": "tiếng Nùng",
		"lang.mtq": "tiếng Mường",
		"lang.ium": "tiếng Dao",
	},
	"en": {
		"lang.vi":  "Vietnamese",
		"lang.en":  "English",
		"lang.zh":  "Chinese",
		"lang.km":  "Khmer",
		"lang.cjm": "Cham",
		"lang.hmn": "Hmong",
		"lang.rad": "Rade",
		"lang.jra": "Jarai",
		"lang.bdq": "Bahnar",
		"lang.sed": "Sedang",
		"lang.kpm": "Koho",
		"lang.cmo": "Mnong",
		"lang.ktv": "Katu",
		"lang.hre": "Hre",
		"lang.blt": "Thai (Tai Dam)",
		"lang.tyz": "Tay",
		"lang.nut": "Nung",
		"lang.mtq": "Muong",
		"lang.ium": "Dao (Iu Mien)",
	},
}

// Language is what readers of lang call the language of a code; one that has no name is
// called by its code.
func Language(lang, code string) string {
	if name := languages[lang]["lang."+code]; name != "" {
		return name
	}
	return code
}
