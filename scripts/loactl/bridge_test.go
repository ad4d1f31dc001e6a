package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loa/scripts/broker"
)

// What a batch's claim may not do stands in the access list of every mosquitto, whichever
// was made first, the batch or the bridge: without its lines it is a box there.
func TestBridgesKnowClaims(t *testing.T) {
	w := newWorld(t)
	w.sample()
	w.must("enrol", "claim", "lo1", "--board", "desk")
	w.must("broker", "bridge", "74", "--hosts", "bd.example")
	w.must("enrol", "claim", "lo2", "--board", "desk")
	w.must("enrol", "close", "lo1")
	dir := w.env["LOA_AUTHORITY"]
	for range 2 {
		for _, dir := range []string{dir, filepath.Join(dir, "bridges", "74")} {
			acl, err := os.ReadFile(filepath.Join(dir, "mosquitto", "loa.acl"))
			if err != nil {
				t.Fatal(err)
			}
			for _, batch := range []string{"lo1", "lo2"} {
				if n := strings.Count(string(acl), broker.ClaimACL(batch)); n != 1 {
					t.Errorf("%s has %s %d times", dir, batch, n)
				}
			}
		}
		w.must("broker", "bridge", "74", "--hosts", "bd.example")
	}
}
