package trigger

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/agent/standing"
)

// To is the number at which an SMS may be answered; empty: nobody is told anything. An
// answer is paid for, and whoever forges a sender chooses who is sent it: so only numbers
// that signed triggers name have one, and numbers of the country from which a right code
// came.
func To(p *plan.Plan, from string, right bool, now time.Time) string {
	to := number(from)
	for _, doc := range inForce(p, now) {
		if len(doc.Codes) > 0 && slices.Contains(doc.Senders, to) {
			return to
		}
	}
	if digits, here := strings.CutPrefix(to, "+84"); right && here && (len(digits) == 9 || len(digits) == 10) && strings.Trim(digits, "0123456789") == "" {
		return to
	}
	return ""
}

// Of answers that start nothing four may go out at once and one in an hour, whoever is
// told: 28 on a day at the most. Those of codes that do are as many as were signed.
const (
	answerEvery = time.Hour
	answerBurst = 4
)

// MayAnswer takes an answer out of what is there.
func (g *Guard) MayAnswer() bool { return g.answers.take(time.Now(), answerEvery, answerBurst) }

// answerRoom is how many letters one SMS has room for in Vietnamese.
const answerRoom = 70

// Answer is what the box says by SMS of a code: that its alert sounds and until when, or
// what stands against it. One message has room for one language.
func Answer(box string, s Start, wrong *plan.Error) string {
	if r := []rune(box); len(r) > 16 {
		box = string(r[:15]) + "…"
	}
	what := ""
	if std, known := standing.Find(s.Alert); s.Alert == standing.FalseAlarm {
		what = " đính chính"
	} else if known {
		what = " báo động " + std.Event
	}
	text := "Loa " + box + ": "
	if wrong == nil {
		text += "ĐANG PHÁT" + what + ", đến " + plan.Moment(s.Until)[:len("15:04 02/01")]
	} else {
		text += "KHÔNG PHÁT" + what + ": " + briefly(wrong)
	}
	if r := []rune(text); len(r) > answerRoom {
		text = string(r[:answerRoom-1]) + "…"
	}
	return text
}

var brief = map[plan.Code]string{
	plan.Replay:      "mã đã dùng rồi",
	plan.Expired:     "tin gửi quá 15 phút",
	plan.ClockCode:   "chưa biết giờ, đang chờ",
	plan.UnknownKey:  "sai mã",
	plan.Malformed:   "tin nhắn không phải mã",
	plan.LocalMode:   "kỹ thuật viên ở loa",
	plan.Airtime:     "hết hạn mức giờ này",
	plan.RepeatLimit: "hết số lần giờ này",
	plan.Muted:       "loa đang tắt tiếng",
}

func briefly(wrong *plan.Error) string {
	return cmp.Or(brief[wrong.Code], wrong.VI, wrong.Code.Sentence().VI)
}
