package box

import (
	"context"
	"fmt"
	"math"

	"loa/agent/commission"
	"loa/agent/console"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/sound"
)

// commissioned reports whether the box may play at full level: its kind of board needs
// nobody to listen, the centre says that somebody has, or the box's own record does.
func (b *Box) commissioned() bool {
	set := b.plan.Load().Want.Settings
	return b.o.Board.Commissioned || set != nil && set.Commissioned || b.looked.Passed()
}

// quieterDB is by how much the box's own volume is lowered while it is not commissioned.
func (b *Box) quieterDB() int {
	l := b.o.Board.Levels
	return int(math.Round(sound.VolumeDB(l.VolumePercent) - sound.VolumeDB(min(l.VolumePercent, l.UncommissionedPercent))))
}

// lookedOver is the box's record for the centre; nil: it has none.
func (b *Box) lookedOver() *message.Looked {
	r, sum := b.looked.Record()
	if r == nil {
		return nil
	}
	l := message.Looked{By: r.By, At: r.At, SHA256: sum}
	l.Pass, l.Fail, l.NA = r.Count()
	return &l
}

// Commission is how far the looking over of the box has come.
func (t technician) Commission() console.Commission {
	r, sum := t.b.looked.Record()
	set := t.b.plan.Load().Want.Settings
	return console.Commission{
		Free: t.b.o.Board.Commissioned, Centre: set != nil && set.Commissioned,
		Draft: t.b.looked.Draft(), Record: r, SHA256: sum, QuieterDB: t.b.quieterDB(),
	}
}

func (t technician) Mark(m commission.Mark) error {
	m.At = t.b.now()
	return t.b.looked.Mark(m)
}

func (t technician) Restart() error { return t.b.looked.Restart() }

// Sign ends the looking over: the record counts from now on, is in the ledger, and the
// centre hears of it.
func (t technician) Sign(ctx context.Context, by string) (commission.Record, error) {
	b := t.b
	now, level := b.clock.Now()
	r, err := b.looked.Sign(by, b.o.Version, now, level)
	if err != nil {
		return r, err
	}
	_, sum := b.looked.Record()
	pass, fail, na := r.Count()
	b.note(ledger.Entry{Kind: ledger.Event, ID: "commission/record", Doc: sum, Detail: fmt.Sprintf("commissioned by %s: %d pass, %d fail, %d not there", r.By, pass, fail, na)})
	err = b.station.Commissioned(ctx, b.o.Board.Commissioned || r.Passed())
	b.standing(b.now())
	b.nudge()
	return r, err
}
