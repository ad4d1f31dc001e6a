package qemu

import "context"

// Written is how many bytes the box has written to its disk since it was last switched on.
func (m *Machine) Written(ctx context.Context) (bytes int64, err error) {
	r, err := m.now()
	if err != nil {
		return 0, err
	}
	return written(ctx, r.qmp)
}

func written(ctx context.Context, q *QMP) (bytes int64, err error) {
	var disks []struct {
		Stats struct {
			WrBytes int64 `json:"wr_bytes"`
		}
	}
	err = q.Do(ctx, "query-blockstats", nil, &disks)
	for _, d := range disks {
		bytes += d.Stats.WrBytes
	}
	return bytes, err
}
