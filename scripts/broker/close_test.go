package broker

import (
	"context"
	"sync"
	"testing"
	"time"
)

// A broker ends while clients leave. (The library's own way locked a lock twice, and stood
// for ever if one left in between.)
func TestCloseWhileClientsLeave(t *testing.T) {
	for try := range 400 {
		b, err := Start(context.Background(), Opts{})
		if err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		var leaving sync.WaitGroup
		for range 2 {
			leaving.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						b.server.Clients.Delete("somebody")
					}
				}
			})
		}
		closed := make(chan struct{})
		go func() { b.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(20 * time.Second):
			t.Fatalf("try %d: the broker does not end", try)
		}
		close(stop)
		leaving.Wait()
	}
}
