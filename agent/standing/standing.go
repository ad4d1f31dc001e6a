// Package standing has the alerts that lie on every box, so that they can be sounded when
// nothing can be fetched: their words in Vietnamese, to be read and as recorded speech.
//
// The recordings are made by scripts/standing: Opus, mono, about 2 KB a second. Other
// languages are recorded by people: a bulletin of class emergency with the id
// standing-NAME, such as standing-flood, sounds after the Vietnamese.
package standing

import (
	"bytes"
	"embed"
	"io"
	"time"
)

// An Alert is one of them.
type Alert struct {
	ID          string
	Event       string
	Headline    string
	Instruction string
	Speech      string // what the recording says
	Tone        string // the chime before it
	LUFS        float64
	Length      time.Duration
}

// FalseAlarm corrects an alarm that was none.
const FalseAlarm = "false-alarm"

var alerts = []Alert{
	{
		ID: "storm", Event: "Bão", Tone: "siren", LUFS: -16.6, Length: 13670 * time.Millisecond, Headline: "BÁO ĐỘNG BÃO",
		Instruction: "Ở yên trong nhà kiên cố, đóng chặt cửa. Không ra đường, không ra khơi.",
		Speech:      "Chú ý! Chú ý! Báo động bão. Bà con ở yên trong nhà kiên cố, đóng chặt cửa. Không ra đường, không ra khơi. Xin nghe tiếp hướng dẫn của chính quyền địa phương.",
	},
	{
		ID: "flood", Event: "Lũ", Tone: "siren", LUFS: -17.5, Length: 14770 * time.Millisecond, Headline: "BÁO ĐỘNG LŨ",
		Instruction: "Rời ngay vùng trũng, ven sông, ven suối. Lên chỗ cao. Không lội qua dòng nước.",
		Speech:      "Chú ý! Chú ý! Báo động lũ. Nước đang lên. Bà con rời ngay vùng trũng, ven sông, ven suối, lên chỗ cao. Giúp người già và trẻ em. Không lội qua dòng nước.",
	},
	{
		ID: "dam", Event: "Sự cố hồ đập", Tone: "siren", LUFS: -16.1, Length: 13360 * time.Millisecond, Headline: "BÁO ĐỘNG HỒ ĐẬP",
		Instruction: "Nước có thể về bất ngờ. Rời ngay bờ sông, bờ suối, lên chỗ cao. Không quay lại lấy đồ.",
		Speech:      "Chú ý! Chú ý! Báo động hồ đập. Nước có thể về bất ngờ. Bà con ở hạ du rời ngay bờ sông, bờ suối, lên chỗ cao. Không quay lại lấy đồ.",
	},
	{
		ID: "fire", Event: "Cháy", Tone: "siren", LUFS: -16.2, Length: 12580 * time.Millisecond, Headline: "BÁO CHÁY",
		Instruction: "Rời ngay khỏi nhà ở gần đám cháy. Có khói thì đi khom thấp. Gọi cứu hỏa: 114.",
		Speech:      "Chú ý! Chú ý! Báo cháy. Bà con ở gần đám cháy rời ngay khỏi nhà. Có khói thì đi khom thấp. Gọi cứu hỏa, số một, một, bốn.",
	},
	{
		ID: FalseAlarm, Event: "Đính chính", Tone: "two-tone", LUFS: -17.3, Length: 12270 * time.Millisecond, Headline: "ĐÍNH CHÍNH: BÁO ĐỘNG VỪA RỒI LÀ NHẦM",
		Instruction: "Không có nguy hiểm. Mong bà con thông cảm.",
		Speech:      "Xin đính chính. Báo động vừa rồi là nhầm. Không có nguy hiểm. Xin nhắc lại: báo động vừa rồi là nhầm, không có nguy hiểm. Mong bà con thông cảm.",
	},
}

// All are the alerts, the correction last.
func All() []Alert { return alerts }

// Find is the alert of a name.
func Find(id string) (Alert, bool) {
	for _, a := range alerts {
		if a.ID == id {
			return a, true
		}
	}
	return Alert{}, false
}

//go:embed vi/*.opus
var files embed.FS

// Type is the media type of the recordings.
const Type = "audio/opus"

// Recording opens what an alert says in Vietnamese.
func Recording(id string) (io.ReadSeekCloser, error) {
	data, err := files.ReadFile("vi/" + id + ".opus")
	if err != nil {
		return nil, err
	}
	return file{bytes.NewReader(data)}, nil
}

type file struct{ *bytes.Reader }

func (file) Close() error { return nil }
