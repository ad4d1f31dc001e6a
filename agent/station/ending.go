package station

import (
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/schedule"
)

// ended takes the word of how a turn at the speaker went.
func (s *Station) ended(e plan.Ending) {
	now, _ := s.o.Clock.Now()
	t, ok := s.turns[e.Turn]
	if !ok {
		return
	}
	delete(s.turns, e.Turn)
	if s.current == t {
		s.current = nil
		s.usage.End(now)
	}
	o := &t.o
	heard := t.before + e.Heard
	entry := ledger.Entry{
		Kind: ledger.End, Result: e.Result, Code: e.Code,
		AtS: e.At.Seconds(), AirS: now.Sub(t.began).Seconds(), HeardS: heard.Seconds(), PlannedS: o.Length.Seconds(),
		Volume: t.volume, LevelDBFS: e.RMSDBFS, PeakDBFS: e.PeakDBFS, Proof: e.Proof, Detail: text(e.Err),
	}
	if o.Silent {
		entry.AirS = 0
	}
	if entry.Code == plan.Accepted {
		entry.Code = t.why
	}
	entry.Ends = t.ends
	if t.stop.ID != "" {
		t.note = "stopped by " + t.stop.String()
		entry.Ends = schedule.Series(o)
	}
	if entry.Detail == "" {
		entry.Detail = t.note
	}
	if e.Note != "" && entry.Detail != "" {
		entry.Detail += "; "
	}
	entry.Detail += e.Note
	switch wordless := isWordless(o, e.Code) && !s.wordless[o.ID]; {
	case t.yielded && !e.Complete, wordless:
		// It gave way and goes on from here if it still fits; or its tone has
		// sounded, and it sounds again when its words have come.
		entry.Kind = ledger.Pause
		if wordless {
			s.wordless[o.ID] = true
			s.progress.Sounding = ""
		} else {
			schedule.Interrupt(&s.progress, o, e.At)
		}
		s.heard[o.ID] = heard
		s.write(entry, o, now)
		return
	case e.Complete && t.yielded && entry.Code == t.why:
		entry.Code = plan.Accepted // it came to its end while it gave way
	}
	if s.local != nil && s.local.ID == o.ID {
		s.local = nil
	}
	schedule.End(&s.progress, o, now)
	delete(s.wordless, o.ID)
	delete(s.heard, o.ID)
	s.write(entry, o, now)
	switch entry.Result {
	case plan.Silent, plan.Weak:
		s.o.Report("silent-item", itemError{o.ID, entry.Result, entry.Detail})
	case plan.Heard:
		s.o.Report("silent-item", nil)
	}
	s.acknowledge(o, "finished", entry.Result, entry.Code, entry.HeardS)
	s.o.Log.Info("ended", "id", o.ID, "result", entry.Result, "heard", heard, "code", entry.Code, "err", e.Err)
}

// isWordless reports an alarm whose tone has sounded and whose words are not there.
func isWordless(o *plan.Occurrence, code plan.Code) bool {
	return o.Class == plan.Emergency && code == plan.MediaMissing && !o.Spoken()
}

type itemError struct {
	id     string
	result plan.Result
	detail string
}

func (e itemError) Error() string {
	if e.detail == "" {
		return e.id + ": " + string(e.result)
	}
	return e.id + ": " + string(e.result) + ": " + e.detail
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
