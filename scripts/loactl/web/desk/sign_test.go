package desk

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"loa/agent/plan"
)

// drawing tools have one board, and draw the words of each page.
type drawing struct{ tools }

func (drawing) Boards(string) []string { return []string{"p10"} }

func (drawing) Draw(_, _ string, b *plan.Bulletin) (all []Picture, _ []string, _ error) {
	for _, p := range b.Shown() {
		all = append(all, Picture{Type: "image/png", Data: []byte(p.Text), Text: p.Text})
	}
	return all, nil, nil
}

// Whoever signs an alarm sees before what boards will show of it.
func TestAlarmOnBoards(t *testing.T) {
	s := newStage(t)
	s.desk.o.Tools = drawing{}
	dung := s.enter("dung")
	page := s.proposed(dung, "/desk/emergency", "place", "26734", "event", "Lũ", "headline", "Lũ quét", "instruction", "Lên chỗ cao")
	body := s.get(dung, page).Body.String()
	for i, text := range []string{"Lũ quét", "Lên chỗ cao"} {
		to := page + "/board/p10/" + string(rune('0'+i))
		if !strings.Contains(body, to) {
			t.Errorf("the page does not show %s", to)
		}
		if w := s.get(dung, to); w.Code != http.StatusOK || w.Body.String() != text {
			t.Errorf("%s: %d %s", to, w.Code, w.Body)
		}
	}
}

// The button to sign waits until every recording has the hash that is signed, and stays
// shut where one has not, also after a signature has failed.
func TestSignWaitsForRecordings(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("without node")
	}
	out, err := exec.CommandContext(t.Context(), node, "testdata/sign.test.mjs", "assets/sign.js").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
