package hardware

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/drivers/modem"
	"loa/drivers/modem/modemtest"
)

// That no code can come is told, and again that one can; what has come is handed on all the
// same, and an answer goes out by the same port.
func TestMessagesThatCannotCome(t *testing.T) {
	for what, c := range map[string]struct {
		spoil func(*modemtest.Modem)
		want  string
	}{
		"all is well":              {func(*modemtest.Modem) {}, ""},
		"a card that is locked":    {func(m *modemtest.Modem) { m.Lock("SIM PIN") }, "the SIM card is SIM PIN"},
		"no card":                  {func(m *modemtest.Modem) { m.Eject() }, "the SIM card is absent"},
		"a card that has run out":  {func(m *modemtest.Modem) { m.Leave() }, "in no network (denied)"},
		"memory full of old texts": {func(m *modemtest.Modem) { m.Write("ME", 20) }, "is full of 20 messages"},
	} {
		synctest.Test(t, func(t *testing.T) {
			fake := modemtest.New(modemtest.SIMCom)
			open := func(ctx context.Context) (asked, error) {
				here, there := net.Pipe()
				go fake.Serve(there) // until the port is closed
				return modem.New(ctx, here)
			}
			read := messages(open)
			var texts []string
			take := func(_, text string, _ time.Time) bool { texts = append(texts, text); return true }
			if err := read(t.Context(), take); err != nil {
				t.Fatal(err)
			}
			fake.Send("+84912345678", "K7QX-39MP-AT5C", time.Now())
			c.spoil(fake)
			time.Sleep(2 * askEvery)
			err := read(t.Context(), take)
			if err2 := read(t.Context(), take); err == nil { // a full memory has room when it is read
				err = err2
			}
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", what, err, c.want)
			}
			if len(texts) != 1 {
				t.Errorf("%s: handed on: %q", what, texts)
			}
			if c.want == "" {
				if err := answers(open)(t.Context(), "+84912345678", "Loa: ĐANG PHÁT"); err != nil || len(fake.Sent()) != 1 {
					t.Errorf("the answer: %v, %d went out", err, len(fake.Sent()))
				}
			}
			synctest.Wait()
		})
	}
}
