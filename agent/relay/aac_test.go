package relay

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestAAC(t *testing.T) {
	t.Run("Icecast", func(t *testing.T) {
		s := &icecast{sound: recording(t, "live.aac"), rate: 12000, kind: "audio/aacp"}
		on(t, s, []string{"/live"}, 40*time.Second, func(t *testing.T, e *ear) { e.fine(t, 38*time.Second) })
	})
	t.Run("TS", func(t *testing.T) { follows(t, &liveStation{name: "ts-%d.ts"}) })
	t.Run("packed", func(t *testing.T) { follows(t, &liveStation{name: "aac-%d.aac", tag: timestamp(0)}) })
	t.Run("MP3 and then AAC", func(t *testing.T) {
		recording(t, "live.aac")
		s := &liveStation{t: t, name: "mp3ts-%d.ts"}
		s.playlist = func(n int) string { return usual(n-4, n, "7:#EXT-X-DISCONTINUITY") }
		s.segment = func(w http.ResponseWriter, _ *http.Request, seq int) bool {
			if seq >= 7 {
				w.Write(recording(t, fmt.Sprintf("aac-%d.aac", seq%20)))
			}
			return seq >= 7
		}
		on(t, s, []string{"/live.m3u8"}, time.Minute, func(t *testing.T, e *ear) { e.fine(t, 57*time.Second) })
	})
}
