package speakertest

import (
	"sync"
)

// A Socket is where a card is plugged in: each Open gives a fresh card while one
// is plugged in. Its zero value is empty.
type Socket struct {
	mu    sync.Mutex
	make  func() *Card
	card  *Card
	cards []*Card
	fails int
}

// Plug puts in a card; each Open makes it anew. Nil makes a plain Card.
func (s *Socket) Plug(make func() *Card) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if make == nil {
		make = func() *Card { return &Card{} }
	}
	s.make = make
}

// Unplug pulls the card out; one that is open is lost.
func (s *Socket) Unplug() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.make = nil
	if s.card != nil {
		s.card.Lose()
		s.card = nil
	}
}

// Open opens the card that is plugged in.
func (s *Socket) Open() (*Card, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.make == nil {
		s.fails++
		return nil, ErrLost
	}
	s.card = s.make()
	s.cards = append(s.cards, s.card)
	return s.card, nil
}

// Cards are all that were ever opened, in order.
func (s *Socket) Cards() []*Card {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Card(nil), s.cards...)
}

// Fails is how often Open found nothing.
func (s *Socket) Fails() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fails
}

// Heard is what came out of all the cards, in order.
func (s *Socket) Heard() []Stretch {
	var all []Stretch
	for _, c := range s.Cards() {
		all = append(all, c.Heard()...)
	}
	return all
}
