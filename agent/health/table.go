package health

import (
	"fmt"
	"log/slog"
	"time"
)

// A Severity says how bad a condition is.
type Severity int

// The severities.
const (
	Info    Severity = iota // worth knowing; nothing is lost
	Warning                 // something will be lost unless somebody acts
	Fault                   // something is lost now
)

var severityNames = [...]string{Info: "info", Warning: "warning", Fault: "fault"}

func (s Severity) String() string {
	if s < Info || s > Fault {
		return fmt.Sprintf("Severity(%d)", int(s))
	}
	return severityNames[s]
}

// MarshalText gives the word that reports use.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word that MarshalText wrote.
func (s *Severity) UnmarshalText(b []byte) error {
	for i, n := range severityNames {
		if n == string(b) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("health: no severity %q: want info, warning or fault", b)
}

func (s Severity) level() slog.Level {
	switch s {
	case Info:
		return slog.LevelInfo
	case Warning:
		return slog.LevelWarn
	}
	return slog.LevelError
}

// A Condition is one row of the table: something that can be wrong with a box.
type Condition struct {
	Code     string
	Severity Severity
	Patience time.Duration // how long it may last before anybody is told
	VI, EN   string        // what it is
	DoVI     string        // what to do about it
	DoEN     string
	PartVI   string // what to bring up the ladder or buy; empty: no part helps
	PartEN   string
}

// Lookup gives the row of code.
func Lookup(code string) (Condition, bool) {
	c, ok := byCode[code]
	return c, ok
}

// Conditions gives the whole table, in its order.
func Conditions() []Condition { return append([]Condition(nil), table...) }

var byCode = func() map[string]Condition {
	m := make(map[string]Condition, len(table))
	for _, c := range table {
		m[c.Code] = c
	}
	return m
}()

// effects are the conditions that a condition may bring about.
var effects = map[string][]string{
	"storage-full":     {"ledger-lost", "outbox-fault", "media-storage", "media-missing"},
	"storage-readonly": {"ledger-lost", "outbox-fault", "media-storage", "media-missing"},
	"supply-low":       {"sink-missing", "sink-lost", "port-missing", "clock-missing", "current-sensor", "heat-sensor", "light-sensor", "temperature-sensor", "panel-missing", "panel-silent"},
}

// table is all that can be wrong. Patience keeps what mends itself from being
// told: a mobile network drops for seconds, a USB card takes some to come back.
var table = []Condition{
	// The way to the centre.
	{"broker-unreachable", Warning, 2 * time.Minute,
		"Không liên lạc được với máy chủ tin nhắn", "No broker answers",
		"Kiểm tra mạng, SIM còn dung lượng, ăng-ten; lịch đã lưu vẫn phát", "Check the network, the SIM's balance and the antenna; the stored schedule goes on",
		"bộ định tuyến 4G hoặc SIM", "4G router or SIM"},
	{"broker-refused", Fault, time.Minute,
		"Máy chủ tin nhắn từ chối thiết bị này", "The broker refuses this box",
		"Kiểm tra tên thiết bị và chứng thư; thiết bị có thể đã bị thay thế", "Check the device name and its certificate; the box may have been replaced", "", ""},
	{"certificate-ending", Warning, time.Hour,
		"Chứng thư của thiết bị sắp hết hạn mà chưa được gia hạn", "The box's certificate ends soon and was not renewed",
		"Kiểm tra loactl serve có chạy không; xem loactl enrol issuer", "See whether loactl serve runs; see loactl enrol issuer", "", ""},
	{"tls-ca", Fault, time.Minute,
		"Chứng thư của máy chủ không do cơ quan của ta ký", "The broker's certificate is not signed by our authority",
		"Kiểm tra tệp CA; nếu tệp đúng thì có người đang giả máy chủ", "Check the CA file; if it is right somebody poses as the broker", "", ""},
	{"tls-name", Fault, time.Minute,
		"Chứng thư của máy chủ mang tên khác", "The broker's certificate is for another host",
		"Kiểm tra địa chỉ máy chủ trong agent.toml", "Check the broker address in agent.toml", "", ""},
	{"tls-expired", Fault, time.Minute,
		"Chứng thư của máy chủ hết hạn, hoặc đồng hồ của thiết bị sai", "The broker's certificate is out of its time, or our clock is wrong",
		"Xem đồng hồ của thiết bị; nếu đúng giờ thì báo đơn vị quản lý máy chủ gia hạn", "Look at this box's clock; if it is right the broker's certificate must be renewed",
		"pin đồng hồ CR2032", "clock battery CR2032"},
	{"subscribe-refused", Fault, time.Minute,
		"Máy chủ không cho nhận một số chủ đề", "The broker denies some topics",
		"Báo đơn vị quản lý máy chủ kiểm tra quyền của thiết bị", "Have the broker's access list checked for this device", "", ""},
	{"outbox-fault", Warning, 0,
		"Không ghi được báo cáo chờ gửi xuống thẻ nhớ", "Reports waiting to be sent cannot be written",
		"Kiểm tra thẻ nhớ", "Check the memory card", "thẻ nhớ", "memory card"},
	{"authority-lost", Warning, 0,
		"Không còn nghe thấy trung tâm qua máy chủ này", "The authority is no longer heard through this broker",
		"Thiết bị tự chuyển sang máy chủ kế tiếp; nếu kéo dài, báo trung tâm", "The box tries its next broker by itself; tell the centre if it lasts", "", ""},
	{"unassigned", Warning, 0,
		"Thiết bị chưa được giao cho địa bàn nào", "This box has no place yet",
		"Giao địa bàn cho thiết bị tại trung tâm", "Assign it a place at the centre", "", ""},
	{"root-expired", Warning, 0,
		"Khóa gốc đã quá hạn; thiết bị vẫn chạy", "The root keys are past their date; the box goes on",
		"Trung tâm phát hành khóa gốc mới", "The authority must issue a new root", "", ""},
	{"document-conflict", Fault, 0,
		"Hai văn bản khác nội dung mang cùng một số phiên bản", "Two documents with other content carry the same version",
		"Báo trung tâm: hai nơi đang soạn cùng một văn bản, hoặc khóa đã lộ", "Tell the centre: two desks edit one document, or a key was stolen", "", ""},

	// Time and storage.
	{"clock-untrusted", Warning, 90 * time.Second,
		"Đồng hồ chưa chắc chắn: các khung giờ chưa phát", "The clock is not sure: slots do not play",
		"Nối mạng một lần để lấy giờ có chữ ký; bo mạch nên có đồng hồ pin", "Connect once for a signed time; the board should have a battery clock",
		"mô-đun đồng hồ DS3231 và pin CR2032", "DS3231 clock module and CR2032 battery"},
	{"clock-battery", Warning, 0,
		"Đồng hồ pin không giữ được giờ khi mất điện", "The battery clock did not keep the time without power",
		"Thay pin của đồng hồ; sự cố hết ở lần khởi động sau mà đồng hồ còn giữ giờ", "Replace the clock's battery; this ends at the next start at which the clock knows the time",
		"pin đồng hồ CR2032", "clock battery CR2032"},
	{"clock-missing", Warning, 15 * time.Second,
		"Không thấy đồng hồ pin ghi trong tệp bo mạch", "The battery clock that the board file names does not answer",
		"Kiểm tra dây I2C của đồng hồ và clock.rtc trong tệp bo mạch; lệnh \"rtc test\"", "Check the clock's I2C wires and clock.rtc in the board file; command \"rtc test\"",
		"mô-đun đồng hồ DS3231", "DS3231 clock module"},
	{"clock-unset", Warning, 0,
		"Không đặt được giờ cho hệ thống và đồng hồ pin", "The clocks of the machine cannot be set",
		"Xem loa-host.path có chạy không; thiết bị vẫn theo giờ có chữ ký của trung tâm", "See whether loa-host.path runs; the box itself goes by the signed time", "", ""},
	{"ntp-differs", Warning, time.Minute,
		"Máy chủ NTP báo giờ khác giờ có chữ ký của trung tâm", "NTP says another time than the centre has signed",
		"Thiết bị theo giờ của trung tâm; kiểm tra máy chủ NTP và mạng: có thể có người giả giờ", "The box goes by the centre's; check NTP server and network: somebody may forge the time", "", ""},
	{"not-together", Warning, 0,
		"Khung giờ phát cùng lúc: thiết bị này phát riêng", "A slot that boxes start together: this box plays by itself",
		"Xem lệnh \"clock\": cần NTP chạy và giờ được trung tâm xác nhận; hết ở lần phát cùng lúc sau", "See the command \"clock\": NTP must run and the centre vouch for the time; it ends the next time the box is with the others", "", ""},
	{"sync-drift", Warning, 10 * time.Second,
		"Phát lệch với các loa lân cận", "What sounds is not together with the neighbours",
		"Xem lệnh \"clock\" và lỗi âm thanh đứt quãng: bộ xử lý quá tải hoặc đồng hồ của card âm thanh hỏng", "See the command \"clock\" and whether sound breaks up: the processor has too much to do, or the sound card's clock is broken",
		"card âm thanh USB", "USB sound card"},
	{"storage-full", Warning, 0,
		"Bộ nhớ đầy", "The storage is full",
		"Xóa bản ghi không cần hoặc thay thẻ lớn hơn; văn bản và nhật ký vẫn được ghi", "Withdraw recordings that are not needed, or fit a larger card; documents and ledger are still written",
		"thẻ nhớ công nghiệp lớn hơn", "larger industrial memory card"},
	{"storage-readonly", Fault, 0,
		"Thẻ nhớ không ghi được nữa", "The memory card can no longer be written",
		"Thay thẻ nhớ: thẻ tự khóa khi gần hỏng", "Replace the card: cards lock themselves when they fail",
		"thẻ nhớ công nghiệp", "industrial memory card"},
	{"storage-damaged", Fault, 0,
		"Dữ liệu đã lưu bị hỏng", "Stored data is damaged",
		"Bản trước được dùng thay; thay thẻ nhớ", "The previous generation is used; replace the card",
		"thẻ nhớ công nghiệp", "industrial memory card"},
	{"ledger-broken", Fault, 0,
		"Chuỗi nhật ký bị đứt", "The ledger's chain is broken",
		"Chạy \"ledger verify\" và gửi kết quả về trung tâm", "Run \"ledger verify\" and send the result to the centre",
		"thẻ nhớ công nghiệp", "industrial memory card"},
	{"ledger-lost", Fault, 0,
		"Không ghi được nhật ký", "The ledger cannot be written",
		"Kiểm tra thẻ nhớ; số dòng bị mất được ghi lại khi ghi được", "Check the memory card; the number of lost entries is written down as soon as that works",
		"thẻ nhớ công nghiệp", "industrial memory card"},
	{"ledger-unsent", Warning, 0,
		"Nhật ký cũ bị xóa trước khi trung tâm nhận được", "Old ledger entries were dropped before the centre had them",
		"Nối mạng cho thiết bị để nhật ký được gửi đi", "Connect the box so that the ledger can be sent", "", ""},

	// Recordings.
	{"media-missing", Warning, 10 * time.Minute,
		"Chưa tải được bản ghi âm hoặc hình", "A recording or picture could not be fetched",
		"Kiểm tra mạng và máy chủ bản ghi", "Check the network and the media server", "", ""},
	{"media-digest", Fault, 0,
		"Bản ghi âm hoặc hình tải về không đúng nội dung đã ký", "A recording or picture is not what was signed",
		"Không được phát hay hiện. Kiểm tra máy chủ bản ghi", "It is not played or shown. Check the media server", "", ""},
	{"media-format", Warning, 0,
		"Tệp tải về không đọc được, không phải bản ghi âm hay hình", "What was fetched cannot be read: it is no recording or picture",
		"Thường là trang chào của nhà mạng: kiểm tra SIM còn dung lượng", "Often a network's welcome page: check the SIM's balance", "SIM", "SIM"},
	{"media-scope", Fault, 0,
		"Bản ghi âm hoặc hình được chỉ sang máy chủ không cho phép", "A recording or picture points to a server that is not allowed",
		"Không tải. Kiểm tra danh sách máy chủ bản ghi", "It is not fetched. Check the list of media servers", "", ""},
	{"media-storage", Warning, 0,
		"Không đủ chỗ cho bản ghi âm và hình cần dùng", "No room for recordings and pictures that are needed",
		"Rút bớt văn bản cũ hoặc thay thẻ nhớ lớn hơn", "Withdraw old documents or fit a larger card",
		"thẻ nhớ công nghiệp lớn hơn", "larger industrial memory card"},
	{"media-metered", Info, 0,
		"Đã dùng hết dung lượng 4G của ngày", "The day's mobile data is used up",
		"Ngày mai tải tiếp; tin khẩn cấp vẫn tải", "Fetching goes on tomorrow; emergency recordings are still fetched", "", ""},

	// Sound.
	{"sink-missing", Fault, 10 * time.Second,
		"Không thấy thiết bị âm thanh", "There is no sound device",
		"Kiểm tra cạc âm thanh và dây cắm", "Check the sound card and its plug",
		"cạc âm thanh USB", "USB sound card"},
	{"sink-lost", Fault, 10 * time.Second,
		"Thiết bị âm thanh ngừng hoạt động", "The sound device was lost",
		"Thiết bị tự mở lại; nếu lặp lại, kiểm tra dây và nguồn", "It is reopened by itself; if that repeats, check plug and supply",
		"cạc âm thanh USB", "USB sound card"},
	{"amp-fault", Fault, 0,
		"Không điều khiển được tăng âm", "The amplifier cannot be switched",
		"Kiểm tra chân điều khiển và dây tới tăng âm", "Check the control pin and its wire",
		"rơ-le hoặc mô-đun tăng âm", "relay or amplifier module"},
	{"board-wrong", Fault, 0,
		"Bản cài không dành cho bo mạch này: không chân nào được dùng", "The image is for another board: no pin is used",
		"Ghi lại thẻ bằng bản cài của bo mạch này, hoặc sửa board trong agent.toml", "Flash the image of this board, or correct board in agent.toml", "", ""},
	{"amp-guard", Fault, 0,
		"Tiến trình canh tăng âm không chạy", "The guard of the amplifier line does not run",
		"Khởi động lại thiết bị; nếu còn, cập nhật phần mềm", "Restart the box; if it stays, update the software", "", ""},
	{"port-missing", Warning, 5 * time.Second,
		"Không mở được cổng nối tiếp của kỹ thuật viên", "The technician's serial port does not open",
		"Cắm lại cáp nối tiếp, hoặc sửa console.tty trong tệp bo mạch", "Plug the serial adapter in again, or correct console.tty in the board file", "", ""},
	{"silent-item", Warning, 0,
		"Một mục đã phát mà không có tiếng", "An item played without a sound",
		"Nghe lại bản ghi tại trung tâm", "Listen to the recording at the centre", "", ""},
	{"relay-lost", Warning, 0,
		"Mất tín hiệu tiếp âm", "The relay is lost",
		"Kiểm tra mạng và địa chỉ nguồn tiếp âm", "Check the network and the relay's address", "", ""},
	{"relay-silent", Warning, 0,
		"Nguồn tiếp âm im lặng", "The relay gives no sound",
		"Báo đài nguồn", "Tell the station that is relayed", "", ""},
	{"relay-fallback", Info, 0,
		"Đang tiếp âm từ nguồn dự phòng", "The relay runs from a fallback address",
		"Kiểm tra nguồn chính", "Check the first address", "", ""},

	// What the box measures of itself.
	{"horn-open", Fault, 0,
		"Tăng âm bật và có tiếng nhưng loa không ăn dòng: đứt dây loa hoặc hỏng loa", "A sound and the amplifier on, and no speaker draws its current: cable or horns are open",
		"Kiểm tra dây loa, đầu nối và từng loa; đo trở kháng đường dây; tăng âm cũng có thể tự ngắt vì chập", "Check the speaker cable, its joints and each horn; measure the line; an amplifier may also have switched itself off for a short",
		"dây loa hoặc củ loa nén", "speaker cable or horn driver"},
	{"horn-short", Fault, 0,
		"Đường loa ăn dòng quá lớn: chập dây loa hoặc cháy củ loa", "The speaker line draws far too much current: a short in the cable or a burnt driver",
		"Tắt nguồn tăng âm, tháo từng loa để tìm chỗ chập trước khi bật lại", "Switch the amplifier's supply off and take off one horn after the other before it is on again",
		"dây loa hoặc củ loa nén", "speaker cable or horn driver"},
	{"amp-dead", Fault, 0,
		"Tăng âm đã bật nhưng không ăn dòng", "The amplifier is switched on and draws no current",
		"Kiểm tra cầu chì, dây nguồn và dây điều khiển của tăng âm", "Check the amplifier's fuse, its supply wires and its control wire",
		"mô-đun tăng âm hoặc cầu chì của nó", "amplifier module or its fuse"},
	{"amp-supply", Fault, 0,
		"Nguồn của tăng âm mất hoặc quá thấp", "The amplifier's supply is gone or too low",
		"Kiểm tra bộ nguồn, ắc quy và cầu chì trước tăng âm", "Check power supply, battery and the fuse before the amplifier",
		"bộ nguồn hoặc ắc quy của tăng âm", "the amplifier's power supply or battery"},
	{"amp-stuck", Fault, 0,
		"Tăng âm vẫn ăn dòng sau khi đã tắt", "The amplifier draws current although it is switched off",
		"Kiểm tra rơ-le dính, dây điều khiển và điện trở kéo xuống 10 kΩ", "Check for a relay that sticks, the control wire and the pull-down of 10 kOhm",
		"rơ-le hoặc mô-đun tăng âm", "relay or amplifier module"},
	{"supply-low", Warning, 10 * time.Second,
		"Điện áp nuôi thiết bị quá thấp", "The box's supply is too low",
		"Kiểm tra bộ nguồn, dây nguồn (ngắn, đủ tiết diện), ắc quy và tấm pin", "Check the power supply, its wires (short, thick enough), battery and solar panel",
		"bộ nguồn 5 V hoặc ắc quy", "5 V power supply or battery"},
	{"supply-high", Warning, 10 * time.Second,
		"Điện áp nuôi thiết bị quá cao", "The box's supply is too high",
		"Kiểm tra bộ điều khiển sạc và bộ nguồn", "Check the charge controller and the power supply",
		"bộ điều khiển sạc hoặc bộ nguồn", "charge controller or power supply"},
	{"box-hot", Warning, 10 * time.Second,
		"Tủ thiết bị quá nóng", "The cabinet is too hot",
		"Kiểm tra quạt, khe thông gió và mái che nắng", "Check fan, vents and sun shield",
		"quạt tản nhiệt của tủ", "cabinet fan"},
	{"box-open", Warning, 0,
		"Cửa tủ thiết bị đang mở", "The door of the cabinet is open",
		"Đóng và khóa tủ; nếu tủ đã đóng, chỉnh lại công tắc cửa", "Close and lock it; if it is closed, set the door switch right",
		"khóa tủ hoặc công tắc cửa", "cabinet lock or door switch"},
	{"card-worn", Warning, 0,
		"Thẻ nhớ sắp hết tuổi thọ", "The memory card is near the end of its life",
		"Thay thẻ trong lần bảo trì tới, trước khi nó tự khóa", "Replace it at the next visit, before it locks itself",
		"thẻ nhớ công nghiệp", "industrial memory card"},
	{"storage-errors", Warning, 0,
		"Hệ tệp trên thẻ nhớ có lỗi", "The file system on the memory card has errors",
		"Khởi động lại để thẻ được kiểm tra; nếu lỗi trở lại, thay thẻ", "Restart the box so that it is checked; if errors come back, replace the card",
		"thẻ nhớ công nghiệp", "industrial memory card"},
	{"current-sensor", Warning, 10 * time.Second,
		"Mạch đo dòng của tăng âm không đo được: không biết loa còn nối hay không", "The amplifier's current meter does not measure: nobody knows whether horns are connected",
		"Kiểm tra dây I2C và hai đầu VIN+, VIN- của mạch đo", "Check the meter's I2C wires and VIN+, VIN-",
		"mạch đo dòng INA219", "INA219 current meter"},
	{"voltage-sensor", Warning, 10 * time.Second,
		"Mạch đo điện áp nguồn không đo được", "The supply's voltage meter does not measure",
		"Kiểm tra dây và cầu chia áp của mạch đo", "Check its wires and its divider",
		"mạch đo điện áp, loại ghi trong tệp bo mạch", "voltage meter, as the board file names it"},
	{"heat-sensor", Warning, 10 * time.Second,
		"Nhiệt kế trong tủ không đo được", "The thermometer in the cabinet does not measure",
		"Kiểm tra dây của nhiệt kế", "Check its wires",
		"nhiệt kế, loại ghi trong tệp bo mạch", "thermometer, as the board file names it"},
	{"door-switch", Warning, 10 * time.Second,
		"Không đọc được công tắc cửa tủ", "The door switch cannot be read",
		"Kiểm tra chân của công tắc cửa trong tệp bo mạch", "Check the pin of the door switch in the board file",
		"công tắc cửa", "door switch"},
	{"trigger-line", Warning, 10 * time.Second,
		"Công tắc báo động không dùng được", "An alarm switch is out of use",
		"Nhả công tắc; kiểm tra dây có chập, đứt không và chân của nó trong tệp bo mạch", "Let the switch go; check its wires for a short or a break, and its pin in the board file",
		"công tắc khóa hoặc dây công tắc", "key switch or its wire"},
	{"trigger-sms", Warning, time.Minute,
		"Không nhận được mã báo động qua SMS", "Alarm codes by SMS cannot arrive",
		"Chạy survey net; kiểm tra modem, SIM và sóng", "Run survey net; check modem, SIM and signal",
		"modem 4G hoặc SIM", "4G modem or SIM"},

	// Software.
	{"update-failed", Warning, 0,
		"Bản phần mềm mới không chạy được, thiết bị đã trở lại bản cũ", "The new software did not do, and the last one runs again",
		"Xem \"update status\" và báo trung tâm; thiết bị vẫn phát, và không thử lại bản đó", "Look at \"update status\" and tell the centre; the box goes on, and does not try that one again", "", ""},
	{"update-refused", Warning, 0,
		"Bản phần mềm mới bị từ chối", "The new software is refused",
		"Xem \"update status\" và báo trung tâm: sai loại bo mạch, cũ hơn bản đang chạy, hoặc ảnh đĩa này không tự cập nhật được", "Look at \"update status\" and tell the centre: another kind of board, older than what runs, or an image that cannot update itself", "", ""},
	{"update-missing", Warning, 24 * time.Hour,
		"Chưa tải được phần mềm mới", "The new software could not be fetched",
		"Kiểm tra mạng và dung lượng SIM, hoặc mang đến bằng ổ USB: loactl carry, rồi \"import\"", "Check the network and the SIM's balance, or bring it on a stick: loactl carry, then \"import\"", "", ""},
	{"update-waiting", Info, 72 * time.Hour,
		"Phần mềm mới chờ đã lâu mà chưa có lúc nào lắp được", "The new software has waited long for a quiet hour",
		"Xem \"update status\": có tin khẩn cấp, lịch dày, hoặc đồng hồ chưa chắc chắn", "Look at \"update status\": an emergency, a full schedule, or a clock that is not sure", "", ""},
	{"update-trial", Info, 0,
		"Phần mềm mới đang chạy thử", "The new software is on trial",
		"Chờ một khắc; nếu không đạt, thiết bị tự trở lại bản cũ", "Wait a quarter of an hour; if it does not do, the last one comes back by itself", "", ""},
	{"update-stuck", Warning, 10 * time.Minute,
		"Không cập nhật được phần mềm", "The software cannot be updated",
		"Xem \"log\"; kiểm tra thẻ nhớ và dịch vụ rauc", "Look at \"log\"; check the memory card and the service rauc",
		"thẻ nhớ công nghiệp", "industrial memory card"},

	// The board.
	{"panel-missing", Fault, 20 * time.Second,
		"Không mở được bảng hiển thị", "The board does not open",
		"Kiểm tra dây, nguồn và tốc độ đường truyền của mạch bảng; thử \"board probe\"", "Check the card's cable, supply and baud; try \"board probe\"",
		"dây nối hoặc mạch điều khiển bảng", "cable or the board's card"},
	{"panel-silent", Fault, 20 * time.Second,
		"Bảng hiển thị không nhận trang hoặc không trả lời", "The board takes no pages, or does not answer",
		"Kiểm tra nguồn của bảng, dây hai chiều và tốc độ đường truyền", "Check the board's supply, both wires of its line and the baud",
		"bộ nguồn 5 V của bảng hoặc mạch điều khiển", "the board's 5 V supply or its card"},
	{"panel-differs", Warning, 0,
		"Bảng hiển thị không đúng như tệp bo mạch", "The board is not as its board file says",
		"So kích thước, màu và độ sáng với tệp bo mạch; dùng phần mềm của hãng để cài lại", "Compare size, colours and brightness with the board file; set the card up again with its maker's tool", "", ""},
	{"panel-sender", Warning, time.Minute,
		"Bộ phát của màn hình LED không trả lời: không chỉnh được độ sáng", "The wall's sending box does not answer: its brightness cannot be set",
		"Kiểm tra nguồn của bộ phát và dây điều khiển (USB, RS-232 hoặc mạng)", "Check the sending box's supply and its control cable (USB, RS-232 or network)",
		"dây điều khiển hoặc bộ phát NovaStar", "control cable or NovaStar sending box"},
	{"panel-signal", Fault, time.Minute,
		"Bộ phát của màn hình LED không nhận được hình", "The wall's sending box gets no picture",
		"Kiểm tra dây HDMI; ở mặt trước bộ phát chọn đúng đầu vào HDMI", "Check the HDMI cable; choose the HDMI input at the front of the sending box",
		"dây HDMI", "HDMI cable"},
	{"panel-wall", Fault, time.Minute,
		"Màn hình LED không trả lời bộ phát của nó", "The wall does not answer its sending box",
		"Kiểm tra nguồn của màn hình và dây mạng từ bộ phát tới tủ LED đầu tiên", "Check the wall's supply and the network cable from the sending box to the first cabinet",
		"bộ nguồn 5 V, dây mạng hoặc thẻ thu của tủ LED", "5 V supply, network cable or receiving card of the cabinet"},
	{"panel-hot", Warning, 10 * time.Minute,
		"Màn hình LED quá nóng", "The wall is too hot",
		"Kiểm tra quạt và khe thông gió; hạ bảng độ sáng cho giờ nắng", "Check fans and vents; lower the brightness table for the hot hours",
		"quạt của tủ LED", "cabinet fan"},
	{"panel-door", Fault, 0,
		"Bảng hiển thị còn một lối vào khác", "The board can be written to past this box",
		"Tháo mô-đun Wi-Fi và SIM của mạch, nối mạch với thiết bị bằng một dây mạng riêng, đổi mật khẩu", "Take out the card's Wi-Fi module and SIM, give it a network cable of its own to this box, change its password", "", ""},
	{"light-sensor", Warning, 5 * time.Second,
		"Không biết ngoài trời sáng hay tối: bảng giữ độ sáng mặc định", "Nobody knows how light it is outside: the board keeps its default brightness",
		"Lau mắt cảm biến, kiểm tra dây của nó; \"board show\" cho biết nó đang báo bao nhiêu", "Wipe the sensor's eye and check its wires; \"board show\" tells what it says",
		"cảm biến ánh sáng hoặc quang trở, loại ghi trong tệp bo mạch", "light sensor or photocell, as the board file names it"},
	{"temperature-sensor", Warning, 15 * time.Second,
		"Nhiệt kế không đo được: bảng bỏ trống nhiệt độ", "The thermometer does not measure: the board leaves the temperature out",
		"Kiểm tra dây của cảm biến nhiệt độ", "Check the wires of the temperature sensor",
		"cảm biến nhiệt độ, loại ghi trong tệp bo mạch", "temperature sensor, as the board file names it"},
	{"glyph-missing", Warning, 0,
		"Có chữ mà bảng không hiển thị được", "A letter cannot be shown on the board",
		"Sửa văn bản: ô vuông đứng ở chỗ chữ đó; xem trước bằng \"loactl preview\"", "Mend the text: a box stands where the letter should; look at it with \"loactl preview\"", "", ""},
	{"too-big", Warning, 0,
		"Nội dung không vừa bảng", "Something does not fit the board",
		"Viết ngắn lại hoặc đổi kiểu trang; xem trước bằng \"loactl preview\"", "Write less or choose another style; look at it with \"loactl preview\"", "", ""},

	{"unsupported", Warning, 0,
		"Có nội dung thiết bị chưa hỗ trợ", "Something is of a kind that the box does not know",
		"Đổi sang định dạng khác; xem trước bằng \"loactl preview\"", "Use another format; look at it with \"loactl preview\"", "", ""},

	// The box as it is meant to be for now.
	{"hardware-missing", Fault, 0,
		"Một phần cứng của bo mạch không mở được", "A part that the board names did not open",
		"Xem chi tiết; phần còn lại vẫn chạy", "See the detail; the rest works",
		"phần được nêu trong chi tiết", "the part named in the detail"},
	{"board-file", Fault, 0,
		"Tệp bo mạch có chỗ sai: phần đó không được dùng", "The board file is wrong in places: those parts are not used",
		"Sửa các khóa nêu trong chi tiết rồi khởi động lại; phần còn lại vẫn chạy", "Correct the keys named in the detail and restart; the rest works", "", ""},
	{"uncommissioned", Warning, 0,
		"Chưa nghiệm thu: phát ở mức âm lượng giảm", "Not commissioned: it plays at reduced level",
		"Nghe thử dưới cụm loa rồi ký nghiệm thu", "Listen under the horns and sign the record", "", ""},
	{"muted", Info, 0,
		"Đang tắt tiếng theo lệnh", "Muted by order",
		"Tự hết khi tới giờ; tin khẩn cấp vẫn phát", "It ends by itself; emergencies still sound", "", ""},
	{"settings-trial", Info, 0,
		"Đang dùng thử cấu hình mới", "New settings are being tried",
		"Gõ commit ở bảng lệnh để giữ; nếu không thì cấu hình cũ tự trở lại", "Type commit at the console to keep them; otherwise the old ones come back by themselves", "", ""},
	{"settings-broken", Fault, 0,
		"Tệp cấu hình của thiết bị hỏng: đang dùng bản trước đó", "The box's settings file is broken: the one before it is in use",
		"Xem config show rồi config edit và commit; thẻ nhớ có thể sắp hỏng", "Look at config show, then config edit and commit; the card may be dying",
		"thẻ nhớ", "memory card"},
	{"network-settings", Warning, 0,
		"Không đặt được mạng theo cấu hình", "The network cannot be set as the settings say",
		"Xem chi tiết; kiểm tra net show", "Look at the detail, and at net show", "", ""},
	{"safe-mode", Fault, 0,
		"Chế độ an toàn: chỉ phát tin khẩn cấp", "Safe mode: only emergencies sound",
		"Thiết bị khởi động hỏng ba lần liền; tự thử lại sau một giờ. Xem log để biết vì sao; safe off để thử lại ngay", "The box failed to start three times in a row, and tries again after an hour. See log for why; safe off to try at once", "", ""},
	{"local-mode", Info, 0,
		"Đang có kỹ thuật viên tại chỗ: không phát từ xa", "A technician is at work: nothing remote sounds",
		"Tự hết sau 30 phút kể từ phím bấm cuối", "It ends 30 minutes after the last key", "", ""},
}
