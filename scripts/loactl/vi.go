package main

// vi are the texts in Vietnamese.
var vi = map[string]string{
	"usage":           "cách dùng:",
	"unknown-command": "không có lệnh %q; xem loactl help",
	"arguments":       "số tham số (%d) thiếu hoặc thừa",
	"help.head":       "loactl soạn, ký và gửi nội dung cho loa truyền thanh của xã.\n\nCác lệnh:",
	"help.foot":       "\nDùng với mọi lệnh: --authority THƯ-MỤC (hoặc $LOA_AUTHORITY), --lang vi|en, --json, --broker URL, --client TÊN.\nMật khẩu nhập từ bàn phím, hoặc lấy từ tệp ghi trong $LOA_PASSPHRASE_FILE.\nMã thoát: 0 xong, 1 không được, 2 gõ sai lệnh, 3 không máy chủ tin nhắn nào nhận, 4 không thiết bị nào nhận.\nXem thêm: loactl help LỆNH",
	"no-terminal":     "cần mật khẩu nhưng không có bàn phím để nhập: ghi tên tệp vào LOA_PASSPHRASE_FILE",
	"passphrase":      "Mật khẩu của %s: ",
	"who-signs":       "cho biết ai ký: --as TÊN[,TÊN]",
	"bad-id":          "%q không dùng làm mã được: chỉ dùng a đến z, 0 đến 9 và dấu -, tối đa 64 ký tự",
	"until":           "đến %s",
	"connection":      "không có kết nối tới máy chủ tin nhắn %s: %s",
	"no-broker":       "%s (%s, đã chờ %v) [%s]",
	"quorum":          "một chữ ký là chưa đủ: %s",
	"refused":         "thiết bị sẽ từ chối %s nên không gửi: %s",

	"cmd.init":     "lập cơ quan: khóa gốc, cán bộ, máy điều phối, chứng thư",
	"cmd.person":   "người ký và khóa của họ",
	"cmd.place":    "địa bàn: tỉnh, xã, thôn, nhóm",
	"cmd.grant":    "ai được nói gì, ở đâu",
	"cmd.box":      "nhận thiết bị, chuyển chỗ, cài đặt",
	"cmd.bulletin": "bản tin: soạn, kiểm tra, ký, duyệt, thu hồi",
	"cmd.schedule": "lịch phát: phát gì, lúc nào",
	"cmd.policy":   "quy định của địa bàn: giờ yên lặng, thời lượng, âm lượng",
	"cmd.playlist": "biến danh sách hoặc thư mục âm thanh thành bản tin và lịch phát",
	"cmd.send":     "gửi những gì máy chủ chưa có",
	"cmd.alert":    "báo động khẩn cấp: phát và kết thúc",
	"cmd.play":     "phát ngay",
	"cmd.drill":    "diễn tập ngay",
	"cmd.stop":     "cho một địa bàn hoặc một thiết bị im lặng",
	"cmd.mute":     "tắt tiếng một thiết bị trong một thời gian",
	"cmd.unmute":   "bật tiếng lại một thiết bị",
	"cmd.ahead":    "sắp tới loa sẽ phát gì và sẽ từ chối gì",
	"cmd.watch":    "bảng theo dõi thiết bị",
	"cmd.ask":      "hỏi bảng lệnh của một thiết bị",
	"cmd.ledger":   "thiết bị đã thật sự phát gì: lấy về và đối chiếu",
	"cmd.dispatch": "gửi tín hiệu, trả lời hỏi giờ, nhận nhật ký phát",
	"cmd.version":  "đây là phiên bản nào",
	"cmd.help":     "trang này, hoặc chi tiết về một lệnh",

	"use.init":     "init --place MÃ[@MÃ-CẤP-TRÊN]=TÊN … [--name TÊN] [--holders 5] [--threshold 3] [--hosts MÁY,…] [--brokers URL,…] [--media URL,…] [--throw-away]",
	"use.person":   "person add TÊN\nperson list",
	"use.place":    "place add MÃ --name TÊN [--parent MÃ] [--width N] --as NGƯỜI-GIỮ-KHÓA-GỐC,…\nplace approve --as NGƯỜI-GIỮ-KHÓA-GỐC,… [--send]\nplace list",
	"use.grant":    "grant give NGƯỜI ĐỊA-BÀN [--role author|officer|installer] [--office MÃ] --as NGƯỜI-GIỮ-KHÓA-GỐC,…\ngrant take NGƯỜI [ĐỊA-BÀN] --as NGƯỜI-GIỮ-KHÓA-GỐC,…\ngrant renew --as NGƯỜI-GIỮ-KHÓA-GỐC,…\ngrant approve --as NGƯỜI-GIỮ-KHÓA-GỐC,… [--send]\ngrant list",
	"use.box":      "box add TÊN --place MÃ --board LOẠI --as NGƯỜI,NGƯỜI [--groups MÃ,…] [--name CHỮ] [--volume N] [--commissioned] [--metered] [--delay-ms N]\nbox set TÊN --as NGƯỜI,NGƯỜI [--place MÃ] [--board LOẠI] [--groups MÃ,…] [--volume N] [--commissioned] [--metered] [--delay-ms N]\nbox approve TÊN --as NGƯỜI [--send]\nbox list",
	"use.bulletin": "bulletin new [MÃ] --place ĐỊA-BÀN\nbulletin check TỆP…\nbulletin sign TỆP… --as NGƯỜI [--send]\nbulletin approve MÃ --as NGƯỜI [--send]\nbulletin withdraw MÃ --as NGƯỜI [--send]\nbulletin show MÃ\nbulletin list",
	"use.schedule": "schedule new [MÃ] --place ĐỊA-BÀN\nschedule check TỆP…\nschedule sign TỆP… --as NGƯỜI [--send]\nschedule approve MÃ --as NGƯỜI [--send]\nschedule withdraw MÃ --as NGƯỜI [--send]\nschedule show MÃ\nschedule list",
	"use.policy":   "policy new [MÃ] --place ĐỊA-BÀN\npolicy check TỆP…\npolicy sign TỆP… --as NGƯỜI [--send]\npolicy approve MÃ --as NGƯỜI [--send]\npolicy withdraw MÃ --as NGƯỜI [--send]\npolicy show MÃ\npolicy list",
	"use.playlist": "playlist TỆP.m3u|TỆP.m3u8|TỆP.xspf|THƯ-MỤC --place MÃ [--out THƯ-MỤC] [--at 05:30,17:00] [--days mon,tue] [--for 30m] [--gap 2s] [--item-lang vi] [--encode]",
	"use.send":     "send [--all]",
	"use.alert":    "alert set ĐỊA-BÀN --event CHỮ --headline CHỮ --as NGƯỜI,NGƯỜI [--instruction CHỮ] [--bulletin MÃ] [--tone siren] [--repeat N] [--gap 20s] [--for 1h] [--another] [--id MÃ] [--office MÃ] [--severity severe] [--urgency immediate] [--certainty observed]\nalert clear ĐỊA-BÀN --as NGƯỜI [--id MÃ] [--office MÃ] [--cancel ĐỊA-BÀN/CƠ-QUAN/MÃ]\nalert list",
	"use.play":     "play ĐỊA-BÀN|THIẾT-BỊ --bulletin MÃ --as NGƯỜI [--repeat N] [--volume N] [--for 5m] [--wait 5s]\nplay ĐỊA-BÀN|THIẾT-BỊ --chime gong|two-tone|siren|drill|test [--class normal] --as NGƯỜI …",
	"use.drill":    "drill ĐỊA-BÀN --bulletin MÃ --as NGƯỜI [--repeat N] [--wait 5s]",
	"use.stop":     "stop ĐỊA-BÀN|THIẾT-BỊ --as NGƯỜI [--classes live,drill,priority,normal,filler,test] [--reason CHỮ] [--wait 5s]",
	"use.mute":     "mute THIẾT-BỊ --as NGƯỜI [--for 1h] [--reason CHỮ] [--wait 5s]",
	"use.unmute":   "unmute THIẾT-BỊ --as NGƯỜI [--reason CHỮ] [--wait 5s]",
	"use.ahead":    "ahead ĐỊA-BÀN|THIẾT-BỊ [--hours 24 | --days 7] [--pending]",
	"use.watch":    "watch [--once]",
	"use.ask":      "ask THIẾT-BỊ LỆNH… [--wait 20s]",
	"use.ledger":   "ledger [THIẾT-BỊ] [--verify] [--last 50]",
	"use.dispatch": "dispatch [--serve-broker MÁY:CỔNG] [--serve-media MÁY:CỔNG] [--every 2m]",
	"use.version":  "version",
	"use.help":     "help [LỆNH]",

	"init.no-place": "cần ít nhất một địa bàn: --place 74=\"Tỉnh Bình Dương\" --place 26734@74=\"Xã An Sơn\"",
	"init.place":    "--place %q chưa đúng, có lẽ thiếu tên: viết MÃ[@MÃ-CẤP-TRÊN]=TÊN, ví dụ 26734@74=\"Xã An Sơn\"",
	"init.no-host":  "cho biết tên máy chạy máy chủ tin nhắn và máy chủ âm thanh: --hosts loa.example",
	"init.address":  "%q không phải địa chỉ: viết tls://máy:8883 cho máy chủ tin nhắn, https://máy:8443 cho máy chủ âm thanh",
	"init.done":     "Cơ quan %q đã lập trong %s.",
	"init.root":     "Trong %[2]d khóa gốc phải có %[1]d khóa cùng ký. Hãy chuyển các tệp people/root-*.key khỏi máy này và cất riêng từng nơi. Cán bộ:",
	"init.next":     "Tiếp theo:\n  loactl box add TÊN --place MÃ --board LOẠI --as NGƯỜI,NGƯỜI   (hai người được giao thiết bị)\n  loactl dispatch                                  (để chạy suốt; thêm --serve-broker, --serve-media nếu chưa có máy chủ)\n  loactl send",

	"person.added":  "%s đã có khóa, nhưng chưa được nói gì: loactl grant give.",
	"place.added":   "Đã ghi địa bàn %s (%s). Gửi đi bằng loactl send.",
	"grant.role":    "không có vai trò %q: author, officer hoặc installer",
	"grant.none":    "%s không được giao quyền nào ở đó: xem loactl grant list",
	"grant.given":   "%s nay được nói ở %s với vai trò %s. Gửi đi bằng loactl send.",
	"grant.taken":   "%s không còn được nói gì ở đó, và những gì khóa này đã ký không còn giá trị. Gửi đi bằng loactl send.",
	"grant.renewed": "Đã gia hạn %d quyền đã qua nửa thời hạn. Gửi đi bằng loactl send.",

	"box.needs": "cho biết thiết bị đặt ở đâu và ai giao: --place MÃ --as NGƯỜI,NGƯỜI",
	"box.board": "không có loại thiết bị %q: viết --board LOẠI, một trong %s, hoặc đường dẫn tới tệp .toml. desk chỉ dành cho bàn làm việc: loa ngoài trời mà khai là desk sẽ phát hết cỡ",
	"box.kind":  "Loại thiết bị đã ghi là %[1]s. Thiết bị đang chạy chỉ đổi khi sửa board = %[1]q trong /etc/loa/agent.toml của nó.",
	"box.none":  "không có thiết bị %s",
	"box.added": "Thiết bị %s thuộc %s: %s. Những gì thiết bị cần mang nằm trong %s: chép etc/loa ở đó vào /etc/loa của thiết bị rồi xóa ở đây, vì trong đó có khóa bí mật của thiết bị. Sau đó: loactl send.",
	"box.set":   "Thiết bị %s thuộc %s: %s. Gửi đi bằng loactl send.",

	"setting.volume":         "âm lượng %d %%",
	"setting.by-board":       "âm lượng theo loại thiết bị",
	"setting.commissioned":   "đã nghiệm thu",
	"setting.uncommissioned": "chưa nghiệm thu",
	"setting.metered":        "dùng SIM",
	"setting.delay":          "phát trễ %d ms",

	"document.good":     "Đúng định dạng, thiết bị đọc được: %s",
	"document.other":    "đây là văn bản loại %s",
	"document.several":  "%s ứng với nhiều văn bản: viết ĐỊA-BÀN/MÃ",
	"document.none":     "không có %s %s",
	"document.head":     "%s, người ký: %s",
	"document.signed":   "%s đã được %s ký. Gửi đi bằng loactl send.",
	"document.sent":     "Đã gửi %s.",
	"document.pending":  "%s đã được %s ký, còn chờ thêm chữ ký: loactl … approve.",
	"state.signed":      "đã ký",
	"state.pending":     "chờ duyệt",
	"state.withdrawn":   "đã thu hồi",
	"state.void":        "hết giá trị",
	"state.over":        "hết hạn",
	"schedule.unsigned": "bản tin %s chưa được ký: hãy ký trước, vì lịch phát ghi rõ nội dung của nó",

	"template.bulletin": `# Bản tin: nội dung được đọc lên. Ký bằng: loactl bulletin sign TỆP-NÀY --as NGƯỜI
id = "%s"
place = "%s"
class = "normal"            # normal: thông thường, priority: ưu tiên, emergency: khẩn cấp, drill: diễn tập
origin = "own"              # own, higher, central, provincial, notice, answer
lang = "vi"
title = "Tiêu đề bản tin"
text = "Nội dung, cho bảng tin và người đọc."
valid_until = %s

[[audio]]
file = "ban-tin.mp3"        # cạnh tệp này; được đo và đưa vào nơi thiết bị lấy về`,
	"template.schedule": `# Lịch phát: phát gì, lúc nào. Ký bằng: loactl schedule sign TỆP-NÀY --as NGƯỜI
id = "%s"
place = "%s"
zone = "+07:00"
valid_until = %s

[[slots]]
id = "sang"
at = ["05:30"]
days = ["mon", "tue", "wed", "thu", "fri"]   # bỏ trống: mọi ngày
for_s = 1800                # không phát quá chừng này giây
items = [
  { chime = "gong" },
  { bulletin = "MÃ-BẢN-TIN-ĐÃ-KÝ" },
]`,
	"template.policy": `# Quy định của địa bàn, do chính thiết bị giữ. Ký bằng: loactl policy sign TỆP-NÀY --as NGƯỜI
id = "%s"
place = "%s"
zone = "+07:00"
valid_until = %s
airtime_day_s = 7200        # tính cả tiếp âm
volume_ceiling_percent = 80
relay_hosts = []

[[quiet_hours]]             # khi đó chỉ phát khẩn cấp
from = "21:00"
until = "05:30"`,

	"playlist.place":   "cho biết địa bàn: --place MÃ",
	"playlist.nothing": "không phát được mục nào trong đó",
	"playlist.length":  "nguồn trực tiếp không có thời lượng: cho biết khung giờ dài bao lâu, --for 30m",
	"playlist.skipped": "bỏ qua: %s",
	"playlist.http":    "%s: thiết bị chỉ tiếp âm qua https",
	"playlist.done":    "%d mục, %v. Bản nháp nằm trong %s.",
	"playlist.next":    "Tiếp theo: loactl bulletin sign %s/bulletin-*.toml --as NGƯỜI; loactl schedule sign %s/schedule.toml --as NGƯỜI",

	"send.done":    "Đã gửi %d trong %d văn bản; máy chủ đã có phần còn lại.",
	"send.newer":   "%s: máy chủ có phiên bản mới hơn ở đây nên để nguyên.",
	"send.pending": "%d văn bản còn chờ chữ ký.",

	"play.what":  "cho biết phát gì: --bulletin MÃ hoặc --chime TÊN",
	"mute.for":   "viết --for từ 1m trở lên; muốn bật tiếng lại: loactl unmute",
	"act.unsent": "CHƯA gửi được và sẽ không tự gửi lại: khi có máy chủ hãy chạy lại lệnh này",
	"act.until":  "Còn hiệu lực đến %s: thiết bị nào trước lúc đó mới nhận được, hoặc hết tắt tiếng, thì lúc ấy mới phát.",
	"act.sent":   "Đã gửi %s tới %s.",

	"alert.needs":    "cho biết việc gì xảy ra và người dân cần nghe gì: --event, --headline",
	"alert.cancel":   "viết báo động cần hủy theo dạng ĐỊA-BÀN/CƠ-QUAN/MÃ",
	"alert.none":     "không có báo động %s nào đang có hiệu lực",
	"alert.unsent":   "báo động đã ký nhưng CHƯA gửi được; loactl send sẽ gửi lại",
	"alert.clear":    "Hết báo động: %s, cơ quan %s.",
	"alert.sent":     "Đã gửi tới %s, cơ quan %s. Đang có hiệu lực:",
	"alert.renewed":  "Báo động %s (%s, trước đây đến %s) được gia hạn. Thiết bị đã phát đủ số lần thì không phát lại lời cũ; muốn phát lại: --another.",
	"alert.reworded": "Báo động %s (%s, trước đây đến %s) được sửa lời. Muốn thêm một báo động khác: --another.",
	"alert.quiet":    "Không có báo động nào.",

	"ahead.head":    "%d giờ tới ở %s, %d dòng, giờ +07:00:",
	"ahead.refused": "TỪ CHỐI",

	"dispatch.every":   "viết --every từ 1s đến 5m: sau 6 phút thiết bị coi như mất trung tâm",
	"dispatch.broker":  "máy chủ tin nhắn ở %s",
	"dispatch.apart":   "CHÚ Ý: máy chủ tin nhắn ở %s, còn thiết bị và loactl của cơ quan này gọi tới %s, nên sẽ không gặp nhau nếu không có máy nào chuyển tiếp",
	"dispatch.media":   "máy chủ âm thanh ở %v",
	"dispatch.running": "%s đang trực tuyến. Nhấn Ctrl-C để dừng.",

	"ledger.none":  "chưa nhận được dòng nhật ký nào của %s; loactl dispatch nhận chúng về",
	"ledger.empty": "chưa nhận được gì",
	"ledger.good":  "%d dòng đến số %d, đủ chữ ký và liền mạch, mã cuối %s",
	"ledger.fork":  "đoạn này không nối tiếp những gì thiết bị đã gửi trước đây",
	"ledger.gap":   "THIẾU từ %d đến %d",

	"ask.silent": "%s không trả lời trong %v",

	"state.online":  "trực tuyến",
	"state.offline": "đã tắt",
	"state.lost":    "MẤT LIÊN LẠC",
	"state.silent":  "chưa thấy",
	"watch.head":    "%d trong %d thiết bị trực tuyến, %s",
	"watch.box":     "THIẾT BỊ",
	"watch.place":   "ĐỊA BÀN",
	"watch.state":   "TÌNH TRẠNG",
	"watch.clock":   "ĐỒNG HỒ",
	"watch.media":   "TỆP",
	"watch.sounds":  "ĐANG PHÁT",
	"watch.notes":   "HỎNG HÓC, TỪ CHỐI",
	"watch.muted":   "tắt tiếng đến %s",
	"watch.refused": "từ chối %s: %s",
	"watch.forged":  "%d báo cáo không phải do thiết bị ký",
	"watch.ready":   "%s: đã sẵn sàng ở %d trong %d thiết bị",
	"watch.waiting": ", chưa có ở %s",

	"receipt.count":   "%d trong %d thiết bị đã nhận. Có phát thật hay không: xem loactl watch, loactl ledger.",
	"receipt.refused": "  %s từ chối: %s. %s",
	"receipt.silent":  "  %s chưa trả lời.",

	"flag.unknown":       "không có tùy chọn --%s ở lệnh này",
	"flag.empty":         "tùy chọn --%s cần một giá trị",
	"passphrase.again":   "Nhập lại mật khẩu của %s: ",
	"passphrase.differs": "Hai lần nhập không giống nhau, mời nhập lại.",
	"person.ca":          "khóa cấp chứng thư (ca)",
	"role.officer":       "cán bộ: bản tin, lịch phát, quy định, báo động",
	"role.installer":     "giao thiết bị",
	"init.broker":        "Cấu hình mosquitto nằm trong %s; cách đặt vào máy chủ: scripts/broker/README.md.",
	"list.waits":         "đã ghi nhưng CHƯA có hiệu lực: mới có %d trong %d chữ ký của người giữ khóa gốc; ký thêm bằng: loactl place approve --as NGƯỜI-GIỮ-KHÓA-GỐC,…",
	"box.waits-not":      "không có gì về thiết bị %s đang chờ chữ ký",
	"list.none":          "không có thay đổi nào về địa bàn hay quyền đang chờ chữ ký",
	"place.waits":        "chờ ký",
	"place.none":         "không có địa bàn %s: xem loactl place list",
	"target.none":        "không có thiết bị hay địa bàn nào tên %s: xem loactl box list, loactl place list",
	"play.chime":         "không có tiếng nào tên %q: gong, two-tone, siren, drill hoặc test",
	"clock.none":         "chưa biết",
	"clock.floor":        "chưa chắc",
	"clock.ntp":          "NTP",
	"clock.rtc":          "đồng hồ",
	"clock.signed":       "có chữ ký",
	"class.emergency":    "khẩn cấp",
	"class.live":         "trực tiếp",
	"class.drill":        "diễn tập",
	"class.priority":     "ưu tiên",
	"class.normal":       "thông thường",
	"class.filler":       "lấp chỗ",
	"class.test":         "thử",
	"kind.boot":          "khởi động",
	"kind.start":         "bắt đầu",
	"kind.pause":         "tạm dừng",
	"kind.end":           "kết thúc",
	"kind.shown":         "hiển thị",
	"kind.refused":       "từ chối",
	"kind.alert":         "báo động",
	"kind.mute":          "tắt tiếng",
	"kind.clock":         "đồng hồ",
	"kind.fault":         "sự cố",
	"kind.console":       "tại chỗ",
	"kind.event":         "sự kiện",
	"result.heard":       "nghe được",
	"result.silent":      "CÂM",
	"result.weak":        "YẾU",
	"result.partial":     "một phần",
	"result.pre-empted":  "nhường",
	"result.refused":     "từ chối",
	"result.shown":       "đã hiện",
	"result.dark":        "TẮT",
	"result.missed":      "LỠ",
	"more.init":          "--place lập một địa bàn; viết cấp trên trước. --hosts là tên hoặc địa chỉ mà thiết bị gọi tới, ghi vào chứng thư.\n--brokers và --media mặc định là tls://MÁY:8883 và https://MÁY:8443. --throw-away: khóa yếu, chỉ để thử.\nMỗi địa bàn có hai cán bộ MÃ-1 và MÃ-2; ở cấp cao nhất họ cũng giao thiết bị.",
	"more.grant":         "author: soạn bản tin, lịch phát. officer: thêm quy định, báo động, phát ngay. installer: giao và cài đặt thiết bị.\n--office: cơ quan mà cán bộ ra báo động thay mặt; mặc định là chính địa bàn. Quyền gửi bản tin có hạn 90 ngày: loactl grant renew.",
	"more.box":           "--board: kiểu thiết bị trong boards/. --commissioned: đã nghiệm thu, được phát hết âm lượng (chưa thì tối đa 30 %).\n--volume: âm lượng 1 đến 100. --metered: đi mạng SIM, tải tiết kiệm. --delay-ms: phát chậm lại, cho các cụm loa gần nhau.",
	"more.alert":         "Địa bàn cấp tỉnh cần hai người ký; xã chỉ cần một. Đặt lại việc (--event) đang có báo động là gia hạn và sửa chính báo động ấy; chỉ --for mới rút ngắn.\nThiết bị đã phát đủ số lần thì chỉ phát lại khi lời hoặc tiếng thay đổi; muốn phát lại nguyên lời cũ: --another thêm một báo động nữa.\n--id: đặt hoặc sửa báo động mang mã đó. Không có --bulletin thì chỉ có tiếng --tone; --headline và --instruction để người xem bảng đọc. clear không có --id: hết mọi báo động của cơ quan đó.",
	"more.play":          "Lệnh chỉ có hiệu lực 2 phút: thiết bị đang mất liên lạc hoặc đang tắt tiếng quá 2 phút sẽ không phát nữa. --for: phát tối đa bao lâu.",
	"more.drill":         "Lệnh chỉ có hiệu lực 2 phút: thiết bị đang mất liên lạc hoặc đang tắt tiếng quá 2 phút sẽ không phát nữa.",
	"more.mute":          "Lần tắt tiếng mới nhất của cùng một nơi thay cho lần trước, dù ngắn hơn.",
	"more.unmute":        "Chỉ bỏ lần tắt tiếng do cùng một nơi ra: nơi khác đã tắt thì nơi đó bật lại. Lần tắt do hai người ký (tắt cả khẩn cấp) cần hai người ký để bỏ.",
	"more.ledger":        "Không nêu thiết bị: kiểm tra nhật ký của mọi thiết bị. --verify: kiểm tra chữ ký và chuỗi của một thiết bị.",
	"more.dispatch":      "Phải chạy suốt: sau 6 phút không có tín hiệu, thiết bị báo mất trung tâm.\n--serve-broker, --serve-media: tự làm máy chủ tin nhắn và máy chủ âm thanh, đủ cho một xã. --every: 1s đến 5m.",
	"more.ahead":         "--pending: tính cả những gì còn chờ chữ ký. Với một địa bàn, âm lượng là của loa to nhất ở đó.",
	"more.playlist":      "--at: giờ bắt đầu, nhiều giờ thì ngăn bằng dấu phẩy. --out: nơi ghi bản nháp. --encode: nén thành MP3 cho thiết bị đi mạng SIM.",

	"waiting":                   "đang chờ máy chủ tin nhắn %s, tối đa %v: %s",
	"broker.broker-unreachable": "không máy chủ nào trả lời; đã chạy mosquitto hoặc loactl dispatch --serve-broker chưa?",
	"broker.broker-refused":     "máy chủ không nhận tên hoặc chứng thư của loactl; --client phải là tên trong chứng thư",
	"broker.tls-ca":             "chứng thư của máy chủ không do cơ quan này cấp; xem lại --broker và --authority",
	"broker.tls-name":           "chứng thư của máy chủ mang tên khác; xem lại địa chỉ máy chủ",
	"broker.tls-expired":        "chứng thư của máy chủ hết hạn, hoặc đồng hồ của máy này sai",
	"broker.subscribe-refused":  "máy chủ không cho nhận một số chủ đề; xem lại quyền của loactl ở máy chủ",
	"broker.broker-silent":      "máy chủ cho kết nối nhưng không nhận bản tin nào",

	"cmd.preview":     "xem trước bảng sẽ hiện bản tin thế nào, trước khi ký",
	"use.preview":     "preview TỆP --board BO-MẠCH [--out THƯ-MỤC]\npreview --text LỜI [--style KIỂU] --board BO-MẠCH [--out THƯ-MỤC]",
	"preview.needs":   "nêu tệp bản tin hoặc --text, và --board: %s",
	"preview.nopanel": "%s không có bảng hiển thị; các bo mạch có bảng: %s",
	"preview.page":    "trang %d, %.1f giây: %s",
	"preview.bad":     "trang %d: KHÔNG HIỂN THỊ ĐƯỢC%s: %s",
	"preview.warning": "trang %d: lưu ý%s: %s",
	"preview.place":   " (dòng %d, chữ thứ %d)",
	"preview.good":    "Mọi thứ vừa bảng và chữ nào cũng hiển thị được.",
	"preview.nothing": "%s không có gì để hiện: hãy viết text hoặc pages",
	"preview.style":   "không có kiểu trang %q; có notice, headline, left, scroll, scroll-up, wipe, blink, alert, drill, clock, narrow",
	"proof":           "%s: %s",
	"proof.at":        "dòng %d, chữ thứ %d: %s",
	"proof.offer":     "  có phải ý là: %s",
}
