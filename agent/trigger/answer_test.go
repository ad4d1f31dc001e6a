package trigger

import (
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"loa/agent/plan"
	"loa/agent/standing"
)

// Only whom the signed triggers name, and whoever had a right code, is told anything.
func TestWhoIsAnswered(t *testing.T) {
	named := doc("K7QX39MPAT5C")
	named.Senders = []string{"+84912345678", "+85620123456"}
	free := world(doc("K7QX39MPAT5C"))
	for _, c := range []struct {
		what  string
		p     *plan.Plan
		from  string
		right bool
		want  string
	}{
		{"who is named", world(named), "0912 345 678", false, "+84912345678"},
		{"abroad, and named", world(named), "+85620123456", false, "+85620123456"},
		{"anybody with a wrong code", free, "+84912345678", false, ""},
		{"anybody with a right one", free, "0912345678", true, "+84912345678"},
		{"abroad, where a minute costs what somebody likes", free, "+88213000000", true, ""},
		{"a short number that is dear", free, "9029", true, ""},
		{"a name", free, "VIETTEL", true, ""},
		{"nobody", free, "", true, ""},
		{"no triggers", world(), "+84912345678", false, ""},
	} {
		if got := To(c.p, c.from, c.right, noon); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// Whatever arrives, and in whosever name, a day of answers that start nothing is paid for
// easily.
func TestAnswersAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		n := 0
		for range 24 * 60 {
			if g.MayAnswer() {
				n++
			}
			time.Sleep(time.Minute)
		}
		if n < 24 || n > 28 {
			t.Errorf("%d answers in a day", n)
		}
	})
}

// Each answer is one message, whose end is not cut off where it is known.
func TestAnswersFit(t *testing.T) {
	s := Start{Alert: "dam", Until: noon}
	for want, got := range map[string]string{
		"Loa d-0001: ĐANG PHÁT báo động Sự cố hồ đập, đến 19:00 27/11": Answer("d-0001", s, nil),
		"Loa d-0001: KHÔNG PHÁT báo động Sự cố hồ đập: mã đã dùng rồi": Answer("d-0001", s, refuse(plan.Replay, "", "")),
		"Loa d-0001: KHÔNG PHÁT: sai mã":                               Answer("d-0001", Start{}, refuse(plan.UnknownKey, "a wrong code", "sai mã")),
		"Loa d-0001: ĐANG PHÁT đính chính, đến 19:00 27/11":            Answer("d-0001", Start{Alert: standing.FalseAlarm, Until: noon}, nil),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	codes := append(plan.Codes(), plan.Accepted)
	for _, a := range standing.All() {
		for _, code := range codes {
			for _, box := range []string{"d-0001", "tram-bom-so-12-xa-an-son"} {
				text := Answer(box, Start{Alert: a.ID, Until: noon}, refuse(code, "why", ""))
				if n := len(utf16.Encode([]rune(text))); n > answerRoom {
					t.Errorf("%d letters: %s", n, text)
				}
			}
		}
	}
}
