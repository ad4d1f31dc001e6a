package modem

import (
	"errors"
	"io"
	"net"
	"testing"

	"loa/drivers/modem/modemtest"
)

func plug(t *testing.T, m *modemtest.Modem) io.ReadWriteCloser {
	here, there := net.Pipe()
	over := make(chan struct{})
	go func() { defer close(over); m.Serve(there) }()
	t.Cleanup(func() { here.Close(); <-over })
	return here
}

func TestEveryMakersWords(t *testing.T) {
	for _, c := range []struct {
		maker, model     string
		rsrp, rsrq, sinr float64 // 0: not said
	}{
		{modemtest.Quectel, "EC25", -97, -11, 13},
		{modemtest.SIMCom, "SIMCOM_SIM7600E-H", -97, -11, 13},
		{modemtest.Plain, "MODEM", -97, -11, 0},
	} {
		m, err := New(t.Context(), plug(t, modemtest.New(c.maker)))
		if err != nil {
			t.Fatal(err)
		}
		i, err := m.Info(t.Context())
		if want := (Info{c.model, "867584030000017", "READY", "89840200012345678901", "VIETTEL", "home"}); err != nil || i != want {
			t.Errorf("%s: %+v, %v", c.maker, i, err)
		}
		s, err := m.Signal(t.Context())
		if err != nil || s.Access != "LTE" || s.RSRP == nil || *s.RSRP != c.rsrp || *s.RSRQ != c.rsrq || s.RSSI == nil {
			t.Errorf("%s: %+v, %v", c.maker, s, err)
		}
		if (s.SINR == nil) != (c.sinr == 0) || s.SINR != nil && *s.SINR != c.sinr {
			t.Errorf("%s: SINR %v", c.maker, s.SINR)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWithoutACard(t *testing.T) {
	fake := modemtest.New(modemtest.Quectel)
	fake.Eject()
	m, err := New(t.Context(), plug(t, fake))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if i, err := m.Info(t.Context()); err != nil || i.SIM != "absent" || i.Registered != "no" || i.Operator != "" || i.ICCID != "" {
		t.Errorf("%+v, %v", i, err)
	}
}

// At a port without a modem nobody waits for ever, and one that falls silent is told.
func TestSilence(t *testing.T) {
	fake := modemtest.New(modemtest.Plain)
	fake.Silence()
	if _, err := New(t.Context(), plug(t, fake)); !errors.Is(err, ErrSilent) {
		t.Error(err)
	}
	fake = modemtest.New(modemtest.Plain)
	port := plug(t, fake)
	m, err := New(t.Context(), port)
	if err != nil {
		t.Fatal(err)
	}
	port.Close()
	if _, err := m.Signal(t.Context()); err == nil {
		t.Error("a port that is gone still says something")
	}
	m.Close()
}
