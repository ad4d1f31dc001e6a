package trust

import "time"

// Epochs is the list in force of every issuer.
func (t *Trust) Epochs() map[string]int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	epochs := make(map[string]int64, len(t.s.lists))
	for issuer, l := range t.s.lists {
		epochs[issuer] = l.Epoch()
	}
	return epochs
}

// maxWindow bounds what a beat may ask of reconnections.
const maxWindow = 600 * time.Second

// ReconnectWindow is over how long a beat asks to spread reconnections; 0: no
// beat has said.
func (t *Trust) ReconnectWindow() time.Duration {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var window time.Duration
	for _, b := range t.beats {
		window = max(window, min(b.window, maxWindow))
	}
	return window
}
