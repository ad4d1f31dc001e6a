package policy

import (
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

// Why something does not sound is said in Vietnamese without English in it, and
// with the time that people here have.
func TestReasonsInVietnamese(t *testing.T) {
	broken := item(plan.Normal, "12:00")
	broken.Err = &plan.Error{Code: plan.Revoked, Msg: "bulletin x was withdrawn", VI: "bản tin x đã thu hồi"}
	if v := Allow(nil, Usage{}, broken, on("12:00")); v.VI != "bản tin x đã thu hồi" {
		t.Errorf("%q", v.VI)
	}
	broken.Err.VI = ""
	if v := Allow(nil, Usage{}, broken, on("12:00")); v.VI != plan.Revoked.Sentence().VI {
		t.Errorf("%q", v.VI)
	}
	mute := plan.Act{MuteUntil: on("13:00").UTC()}
	mute.Issued = on("11:00")
	v := Allow(nil, Usage{Box: Box{Mutes: []plan.Act{mute}}}, item(plan.Normal, "12:00"), on("12:00"))
	if want := "đang bị tắt tiếng đến 13:00 " + on("13:00").In(time.FixedZone("", 7*3600)).Format("02/01/2006") + " +07"; v.VI != want || !strings.HasPrefix(v.Why, "muted until 13:00 ") {
		t.Errorf("%q, want %q", v.VI, want)
	}
}
