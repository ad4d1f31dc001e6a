// Package engine turns a reading into sound: by a program that speaks, or out of recorded
// phrases.
package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"loa/agent/speech"
)

// PCM is sound: one channel, 16 bits.
type PCM struct {
	Rate    int // Hz
	Samples []int16
}

// Length is how long it takes.
func (p PCM) Length() time.Duration {
	if p.Rate == 0 {
		return 0
	}
	return time.Duration(len(p.Samples)) * time.Second / time.Duration(p.Rate)
}

// An Engine speaks one sentence of a reading: words, commas, and one of . ? ! at the end.
type Engine interface {
	Speak(ctx context.Context, sentence string) (PCM, error)
}

// ErrNothing is a reading with nothing to say.
var ErrNothing = errors.New("there is nothing in it to speak")

// An UnreadableError names what stands in a text and cannot be spoken. Such a text is not
// rendered: what would be missing may be what matters.
type UnreadableError struct{ What []string }

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("cannot be read aloud: %s", strings.Join(e.What, " "))
}

// A SilentError says that an engine passed over a sentence, or over most of it.
type SilentError struct {
	Sentence string
	Length   time.Duration // of what came out
}

func (e *SilentError) Error() string {
	return fmt.Sprintf("the engine made %v of sound of %q: something of it is missing", e.Length.Round(time.Millisecond), e.Sentence)
}

// between is the silence after a sentence. Engines leave some, too.
const between = 350 * time.Millisecond

// Render speaks a reading sentence by sentence; emit gets each as it is ready, so that
// the first can sound while the others are made. All have the same rate. The next is
// made while emit has one.
func Render(ctx context.Context, e Engine, r speech.Reading, emit func(PCM) error) error {
	if bad := r.Unreadable(); len(bad) > 0 {
		return &UnreadableError{bad}
	}
	sentences := r.Sentences()
	if len(sentences) == 0 {
		return ErrNothing
	}
	ctx, cancel := context.WithCancel(ctx)
	type made struct {
		pcm PCM
		err error
	}
	// Two at a time: starting a program costs as much as a short sentence. Render waits
	// for both.
	slots := make(chan chan made, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(slots)
		for _, s := range sentences {
			c := make(chan made, 1)
			select {
			case slots <- c:
			case <-ctx.Done():
				return
			}
			go func() { // ends with ctx at the latest, and c takes what it says
				pcm, err := e.Speak(ctx, s)
				if err == nil {
					err = audible(s, pcm)
				}
				c <- made{pcm, err}
			}()
		}
	}()
	defer func() {
		cancel()
		for c := range slots {
			<-c
		}
		<-done
	}()
	rate := 0
	for c := range slots {
		m := <-c
		switch {
		case m.err != nil:
			return m.err
		case rate != 0 && m.pcm.Rate != rate:
			return fmt.Errorf("the engine changed its rate from %d to %d Hz", rate, m.pcm.Rate)
		}
		rate = m.pcm.Rate
		m.pcm.Samples = append(m.pcm.Samples, make([]int16, int(between.Seconds()*float64(rate)))...)
		if err := emit(m.pcm); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// What a sentence takes at least: nobody speaks twelve syllables a second, and a word that
// is swallowed is missed here when it is one of a few.
const (
	leastSyllable = 80 * time.Millisecond
	leastPeak     = 800 // of 32767; espeak-ng speaks at 10000 and more
)

// audible says what is wrong when something of a sentence cannot have been spoken.
func audible(sentence string, p PCM) error {
	first, last := -1, 0
	for i, s := range p.Samples {
		if s > leastPeak || s < -leastPeak {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	spoken := PCM{p.Rate, p.Samples[max(0, first):last]}.Length()
	if first < 0 || spoken < time.Duration(len(strings.Fields(sentence)))*leastSyllable {
		return &SilentError{sentence, max(0, spoken)}
	}
	return nil
}
