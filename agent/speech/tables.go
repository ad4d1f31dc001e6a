package speech

// units are written behind a number; how they are said.
var units = map[string]string{
	"mm": "mi li mét", "cm": "xen ti mét", "dm": "đề xi mét", "m": "mét", "km": "ki lô mét", "hm": "héc tô mét",
	"mm2": "mi li mét vuông", "cm2": "xen ti mét vuông", "m2": "mét vuông", "km2": "ki lô mét vuông", "mm²": "mi li mét vuông", "cm²": "xen ti mét vuông", "m²": "mét vuông", "km²": "ki lô mét vuông",
	"cm3": "xen ti mét khối", "m3": "mét khối", "dm3": "đề xi mét khối", "cm³": "xen ti mét khối", "m³": "mét khối", "dm³": "đề xi mét khối",
	"ha": "héc ta", "Ha": "héc ta", "kg": "ki lô gam", "Kg": "ki lô gam", "KG": "ki lô gam", "g": "gam", "gr": "gam", "gam": "gam", "mg": "mi li gam", "T": "tấn", "µg": "mi crô gam", "μg": "mi crô gam", "t": "tấn",
	"l": "lít", "L": "lít", "ml": "mi li lít", "mL": "mi li lít", "cc": "xê xê", "kWh": "ki lô oát giờ", "kwh": "ki lô oát giờ", "KWh": "ki lô oát giờ", "kW": "ki lô oát", "KW": "ki lô oát", "MW": "mê ga oát",
	"MWp": "mê ga oát pích", "kWp": "ki lô oát pích", "kVA": "ki lô vôn am pe", "kV": "ki lô vôn", "KV": "ki lô vôn", "V": "vôn", "W": "oát", "Hz": "héc", "kHz": "ki lô héc", "MHz": "mê ga héc",
	"dB": "đề xi ben", "Mbps": "mê ga bít trên giây", "MB": "mê ga bai", "GB": "ghi ga bai", "hPa": "héc tô pát can", "mmHg": "mi li mét thủy ngân", "ppm": "phần triệu", "kcal": "ki lô ca lo", "oC": "độ xê",
	"h": "giờ", "s": "giây", "p": "phút", "ph": "phút", "'": "phút", "’": "phút", "′": "phút",
	"đ": "đồng", "Đ": "đồng", "VNĐ": "đồng", "VND": "đồng", "vnđ": "đồng", "vnd": "đồng", "đồng": "đồng", "trđ": "triệu đồng", "tr": "triệu", "tr.đ": "triệu đồng", "k": "nghìn", "K": "nghìn", "tỉ": "tỷ",
	"USD": "đô la Mỹ", "EUR": "ơ rô", "usd": "đô la Mỹ",
}

// gluedOnly are the units that stand behind a number only without a space: others words
// begin so, or letters that have another meaning.
var gluedOnly = map[string]bool{"s": true, "p": true, "k": true, "K": true, "'": true, "’": true, "′": true, "t": true, "T": true, "L": true}

// physical reports whether a unit is one of physics, between which "trên" is said.
func physical(u string) bool {
	switch u {
	case "đ", "Đ", "VNĐ", "VND", "vnđ", "vnd", "đồng", "trđ", "tr", "tr.đ", "k", "K", "tỉ", "USD", "EUR", "usd", "%":
		return false
	}
	return true
}

// signs are spoken by name.
var signs = map[rune]string{
	'&': "và", '+': "cộng", '=': "bằng", '×': "nhân", '÷': "chia", '±': "cộng trừ", '<': "nhỏ hơn", '>': "lớn hơn", '≤': "nhỏ hơn hoặc bằng", '≥': "lớn hơn hoặc bằng", '≠': "khác", '≈': "xấp xỉ",
	'~': "khoảng", '%': "phần trăm", '‰': "phần nghìn", '@': "a còng", '#': "thăng", '$': "đô la", '€': "ơ rô", '£': "bảng Anh", '¥': "yên", '₫': "đồng", '°': "độ", 'º': "độ", '˚': "độ", '§': "mục", '№': "số",
	'\\': "gạch ngược", '_': "gạch dưới", '^': "mũ", '*': "sao", '½': "một phần hai", '¼': "một phần tư", '¾': "ba phần tư", '⅓': "một phần ba", '⅔': "hai phần ba",
	'¹': "mũ một", '²': "mũ hai", '³': "mũ ba", '∞': "vô cùng", '√': "căn", 'µ': "mi crô", 'Ø': "phi", 'ø': "phi", '∅': "phi", '→': "sang", '⁄': "trên", '∑': "tổng", '−': "âm",
}

// silent are the marks that nobody speaks; an announcer hears them in the sentence.
const silent = "\"'`´“”„‘’‚‹›«»′″•●○◦▪▫■□◆◇►▶▸➢➤❖✓✔☑✗✘★☆※¶†‡©®™·∙⋅、。「」『』"

// addressSigns are the signs in addresses of the web.
var addressSigns = map[rune]string{
	'.': "chấm", '@': "a còng", '/': "gạch chéo", '-': "gạch ngang", '_': "gạch dưới", ':': "hai chấm", '?': "hỏi", '=': "bằng", '#': "thăng", '&': "và", '%': "phần trăm", '+': "cộng", '~': "ngã", '!': "chấm than", '*': "sao", '$': "đô la", '\'': "nháy", '[': "ngoặc", ']': "ngoặc", '|': "sổ", '^': "mũ", '{': "ngoặc", '}': "ngoặc", '\\': "gạch ngược", '`': "nháy",
}

// hosts are the names in addresses that people know by ear.
var hosts = map[string]string{
	"vn": "vê nờ", "gov": "gốp", "com": "com", "net": "nét", "org": "o giê", "edu": "ê đu", "www": "vê kép vê kép vê kép", "gmail": "gờ meo", "yahoo": "da hu", "facebook": "phây búc", "zalo": "da lô", "youtube": "diu túp",
	"dichvucong": "dịch vụ công", "baohiemxahoi": "bảo hiểm xã hội", "vssid": "vê ét ét i đê", "vneid": "vê nờ e i đi", "chinhphu": "chính phủ", "me": "mi", "google": "gu gồ", "bit": "bít", "ly": "li",
}

// roadNames are what stands before the number of a road or a quarter.
var roadNames = map[string]string{
	"QL": "quốc lộ", "TL": "tỉnh lộ", "ĐT": "đường tỉnh", "DT": "đường tỉnh", "HL": "hương lộ", "ĐH": "đường huyện", "ĐX": "đường xã", "CT": "cao tốc", "ĐL": "đại lộ", "KP": "khu phố", "Km": "ki lô mét", "KM": "ki lô mét", "km": "ki lô mét",
}

// dotted are abbreviations with a point, before a name or a figure.
var dotted = map[string]string{
	"TP": "thành phố", "Tp": "thành phố", "tp": "thành phố", "P": "phường", "Q": "quận", "H": "huyện", "X": "xã", "T": "tỉnh", "TX": "thị xã", "Tx": "thị xã", "TT": "thị trấn", "KP": "khu phố", "Kp": "khu phố",
	"Ô": "ông", "B": "bà", "Đ": "đường", "TS": "tiến sĩ", "ThS": "thạc sĩ", "Ths": "thạc sĩ", "GS": "giáo sư", "PGS": "phó giáo sư", "BS": "bác sĩ", "Bs": "bác sĩ", "KS": "kỹ sư", "LS": "luật sư", "CN": "cử nhân",
	"Đ/c": "đồng chí", "đ/c": "đồng chí", "Mr": "mít tơ", "TM": "thay mặt", "KT": "ký thay", "TL": "thừa lệnh", "TUQ": "thừa ủy quyền", "Ms": "mít", "Mrs": "mít xít", "ĐD": "điều dưỡng", "DS": "dược sĩ", "NSƯT": "nghệ sĩ ưu tú", "NSND": "nghệ sĩ nhân dân", "St": "sưu tầm", "Tr": "trang", "tr": "trang",
}

// loans are foreign words as they are said here.
var loans = map[string]string{
	"internet": "in tơ nét", "website": "oép sai", "web": "oép", "online": "on lai", "offline": "óp lai", "email": "i meo", "e-mail": "i meo", "gmail": "gờ meo", "facebook": "phây búc", "fanpage": "phan pết", "zalo": "da lô",
	"youtube": "diu túp", "tiktok": "tích tốc", "wifi": "oai phai", "wi-fi": "oai phai", "video": "vi đê ô", "clip": "cờ líp", "smartphone": "sờ mát phôn", "app": "áp", "covid": "cô vít", "vaccine": "vắc xin", "vắcxin": "vắc xin", "vắc-xin": "vắc xin",
	"hotline": "hót lai", "fax": "phách", "camera": "ca mê ra", "karaoke": "ca ra ô kê", "marathon": "ma ra tông", "robot": "rô bốt", "virus": "vi rút", "vi-rút": "vi rút", "logo": "lô gô", "test": "tét", "club": "cờ lúp", "shipper": "síp pơ",
	"livestream": "lai sờ trim", "link": "linh", "file": "phai", "scan": "sờ can", "pano": "pa nô", "container": "công ten nơ", "rơ-moóc": "rơ moóc", "taxi": "tắc xi", "radio": "ra đi ô", "gas": "ga", "bluetooth": "bờ lu tút", "sms": "ét em ét",
	"chikungunya": "chi cun gu nia", "dengue": "đen gơ", "rubella": "ru bê la", "sởi-rubella": "sởi ru bê la", "aedes": "a e đét", "aegypti": "e gíp ti", "cloramin": "cờ lo ra min", "chloramine": "cờ lo ra min", "paracetamol": "pa ra xê ta môn", "vitamin": "vi ta min",
	"aspirin": "át pi rin", "ibuprofen": "i bu pờ rô phen", "oresol": "ô rê dôn", "insulin": "in su lin", "ebola": "ê bô la", "marburg": "mác bua", "methanol": "mê ta nôn", "biogas": "bi ô ga", "biên-đông": "biên đông",
	"yagi": "da ghi", "noru": "nô ru", "bualoi": "bua loi", "krông": "cơ rông", "pleiku": "plây cu", "kar": "ca", "m'đrăk": "mơ đrắc", "euro": "ơ rô", "vietnam": "Việt Nam", "ok": "ô kê", "pos": "pốt", "code": "cốt", "banner": "ban nơ",
	"oda": "ô đê a", "wto": "vê kép tê ô", "asean": "a xê an", "unicef": "u ni xép", "unesco": "u nét cô", "who": "vê kép hát ô", "fifa": "phi pha", "vtv": "vê tê vê", "vov": "vê o vê", "htv": "hát tê vê",
	"vneid": "vê nờ e i đi", "vssid": "vê ét ét i đê", "iot": "ai ô ti", "qr": "quy e rờ", "atm": "a tê mờ", "gps": "giê pê ét", "tv": "ti vi", "cd": "xê đê", "usb": "u ét bê", "pc": "pê xê", "id": "ai đi", "otp": "ô tê pê", "pin": "pin",
	"p.s": "tái bút", "vs": "với", "dna": "dê nờ a", "vip": "víp", "sos": "ét o ét", "pcr": "pê xê rờ", "hiv": "hát i vê", "aids": "ết", "hiv/aids": "hát i vê, ết", "hpv": "hát pê vê", "mmr": "mờ mờ rờ", "dpt": "dê pê tê", "bcg": "bê xê giê", "nano": "na nô",
	"clo": "cờ lo", "axit": "a xít", "folic": "phô lích", "uv": "u vê", "dioxin": "đi ô xin", "amiang": "a mi ăng", "mr": "mít tơ", "bopv": "bê o pê vê", "opv": "o pê vê", "undp": "u en đê pê", "bts": "bê tê ét", "npk": "nờ pê ca", "ron": "ron", "sjc": "ét gi xê", "grdp": "giê rờ dê pê", "gdp": "giê dê pê", "cpi": "xê pê i", "tsc": "tê ét xê",
	"logistics": "lô gít tích", "startup": "sờ tát áp", "ocop": "ô cốp", "vietgap": "Việt gáp", "globalgap": "glô ban gáp", "gis": "gít", "rfid": "rờ ép i đê", "laser": "la de", "led": "lét", "lcd": "lờ xê dê", "momo": "mô mô", "viettel": "Viét teo",
	"mobifone": "mô bi phôn", "vinaphone": "vi na phôn", "vnpt": "vê nờ pê tê", "evn": "e vê nờ", "fpt": "ép pê tê", "sim": "sim", "pano-áp": "pa nô áp", "vietcombank": "Việt com banh", "agribank": "a gri banh", "vietinbank": "Việt in banh", "bidv": "bê i đê vê",
	"coopmart": "cốp mát", "grab": "gờ ráp", "drone": "đờ rôn", "flycam": "phờ lai cam", "megawatt": "mê ga oát", "festival": "phét ti van", "gala": "ga la", "workshop": "uốc sóp", "basic": "bây sích",
}

// documentKinds are the kinds of documents in their numbers, with the words that may
// stand before such a number.
var documentKinds = map[string][]string{
	"NĐ": {"nghị định"}, "QĐ": {"quyết định", "quy định"}, "CT": {"chỉ thị", "chương trình"}, "TT": {"thông tư"}, "TTLT": {"thông tư liên tịch"}, "NQ": {"nghị quyết"}, "NQLT": {"nghị quyết liên tịch"}, "KH": {"kế hoạch"},
	"TB": {"thông báo"}, "BC": {"báo cáo"}, "CV": {"công văn"}, "TTr": {"tờ trình"}, "TTR": {"tờ trình"}, "HD": {"hướng dẫn"}, "GM": {"giấy mời"}, "CĐ": {"công điện"}, "PA": {"phương án"}, "ĐA": {"đề án"}, "QC": {"quy chế"}, "QyĐ": {"quy định"},
	"KL": {"kết luận"}, "BB": {"biên bản"}, "PL": {"pháp lệnh"}, "L": {"lệnh"}, "VBHN": {"văn bản hợp nhất"}, "GP": {"giấy phép"}, "GXN": {"giấy xác nhận"}, "HĐ": {"hợp đồng"}, "CTr": {"chương trình"}, "CTR": {"chương trình"},
	"SL": {"sắc lệnh"}, "TC": {"thông cáo"}, "KHLT": {"kế hoạch liên tịch"}, "QCPH": {"quy chế phối hợp"}, "LCT": {"lịch công tác"}, "TM": {"thư mời"}, "CTHĐ": {"chương trình hành động"},
}

// issuers are who issues documents.
var issuers = map[string]string{
	"CP": "Chính phủ", "TTg": "Thủ tướng Chính phủ", "TTG": "Thủ tướng Chính phủ", "UBND": "Ủy ban nhân dân", "HĐND": "Hội đồng nhân dân", "TW": "Trung ương", "TU": "Tỉnh ủy", "ĐU": "Đảng ủy", "HU": "Huyện ủy", "CTN": "Chủ tịch nước",
	"VPCP": "Văn phòng Chính phủ", "BYT": "Bộ Y tế", "BTTTT": "Bộ Thông tin và Truyền thông", "BTC": "Bộ Tài chính", "BGDĐT": "Bộ Giáo dục và Đào tạo", "BNNPTNT": "Bộ Nông nghiệp và Phát triển nông thôn", "BNNMT": "Bộ Nông nghiệp và Môi trường",
	"BCA": "Bộ Công an", "BQP": "Bộ Quốc phòng", "BNV": "Bộ Nội vụ", "BTNMT": "Bộ Tài nguyên và Môi trường", "BXD": "Bộ Xây dựng", "BCT": "Bộ Công Thương", "BLĐTBXH": "Bộ Lao động, Thương binh và Xã hội", "BTP": "Bộ Tư pháp",
	"BKHCN": "Bộ Khoa học và Công nghệ", "BVHTTDL": "Bộ Văn hóa, Thể thao và Du lịch", "BKHĐT": "Bộ Kế hoạch và Đầu tư", "BGTVT": "Bộ Giao thông vận tải", "NHNN": "Ngân hàng Nhà nước", "STTTT": "Sở Thông tin và Truyền thông", "SYT": "Sở Y tế",
	"SGDĐT": "Sở Giáo dục và Đào tạo", "SNNMT": "Sở Nông nghiệp và Môi trường", "SVHTTDL": "Sở Văn hóa, Thể thao và Du lịch", "SXD": "Sở Xây dựng", "STC": "Sở Tài chính", "SNV": "Sở Nội vụ", "SCT": "Sở Công Thương", "STP": "Sở Tư pháp",
	"BCH": "Ban Chỉ huy", "BCĐ": "Ban Chỉ đạo", "PCTT": "Phòng, chống thiên tai", "BCHPCTT": "Ban Chỉ huy Phòng, chống thiên tai", "MTTQ": "Mặt trận Tổ quốc", "BTT": "Ban Thường trực", "CAX": "Công an xã", "CAP": "Công an phường", "CAT": "Công an tỉnh", "BHXH": "Bảo hiểm xã hội",
	"TTPVHCC": "Trung tâm Phục vụ hành chính công", "TYT": "Trạm Y tế", "UBBC": "Ủy ban bầu cử", "HĐBCQG": "Hội đồng Bầu cử quốc gia", "TANDTC": "Tòa án nhân dân tối cao", "VKSTC": "Viện Kiểm sát nhân dân tối cao", "ĐTN": "Đoàn Thanh niên", "HND": "Hội Nông dân",
	"LHPN": "Hội Liên hiệp Phụ nữ", "CCB": "Hội Cựu chiến binh", "BNG": "Bộ Ngoại giao", "HĐQT": "Hội đồng quản trị", "TTCP": "Thanh tra Chính phủ", "BDTTG": "Bộ Dân tộc và Tôn giáo", "TCT": "Tổng cục Thuế", "HTX": "hợp tác xã", "BTL": "Bộ Tư lệnh", "BCHQS": "Ban Chỉ huy Quân sự",
}

// departments stand behind an issuer.
var departments = map[string]string{
	"VX": "văn xã", "KT": "kinh tế", "NC": "nội chính", "TH": "tổng hợp", "VP": "văn phòng", "VHXH": "văn hóa, xã hội", "KTHT": "kinh tế, hạ tầng", "TCKH": "tài chính, kế hoạch", "NV": "nội vụ", "YT": "y tế", "GDĐT": "giáo dục và đào tạo", "ĐC": "địa chính",
	"CA": "công an", "QS": "quân sự", "TP": "tư pháp", "CNTT": "công nghệ thông tin", "TN": "tài nguyên", "NN": "nông nghiệp", "PCTT": "phòng, chống thiên tai", "TKCN": "tìm kiếm cứu nạn", "DP": "dự phòng", "BCVT": "bưu chính viễn thông", "TTBC": "thông tin báo chí",
	"PX03": "", "TTTT": "thông tin, truyền thông", "ĐĐ": "đất đai", "TTR": "thanh tra", "XD": "xây dựng", "GPMB": "giải phóng mặt bằng",
}
