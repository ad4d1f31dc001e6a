package media

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// stored is what recordings take on the disk, half fetched ones included.
func (l *Library) stored() (n int64) {
	for _, f := range l.have {
		n += f.bytes
	}
	for sha, w := range l.wanted {
		if l.have[sha] == nil {
			n += w.fetched
		}
	}
	return n
}

// coming is what the fetches that run have still to write.
func (l *Library) coming() (n int64) {
	for sha := range l.flying {
		if w := l.wanted[sha]; w != nil {
			n += max(0, w.Bytes-w.fetched)
		}
	}
	return n
}

// budget is the most that recordings may take: what was set, and no more than
// the disk has without touching the reserve.
func (l *Library) budget() int64 {
	var st unix.Statfs_t
	if err := unix.Statfs(l.dir, &st); err != nil {
		return l.o.BudgetBytes
	}
	most := max(0, l.stored()+int64(st.Bavail)*int64(st.Bsize)-l.o.Reserve)
	if l.o.BudgetBytes > 0 {
		return min(l.o.BudgetBytes, most)
	}
	return most
}

// makeRoom evicts until n more bytes fit: what nothing wants or plays, the
// longest unneeded first. When even that would not do it evicts nothing.
func (l *Library) makeRoom(n int64) bool {
	over := l.stored() + l.coming() + n - l.budget()
	if over <= 0 {
		return true
	}
	var idle []string
	var could int64
	for sha, f := range l.have {
		if l.wanted[sha] == nil && f.holds == 0 {
			idle = append(idle, sha)
			could += f.bytes
		}
	}
	if could < over {
		return false
	}
	slices.SortFunc(idle, func(a, b string) int {
		if c := l.have[a].used.Compare(l.have[b].used); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, sha := range idle {
		if over <= 0 {
			break
		}
		over -= l.have[sha].bytes
		l.forget(sha)
	}
	return over <= 0
}
