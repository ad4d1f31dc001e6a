package disk

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// copyData copies what has been written of a file from a place on into another at a place;
// its holes stay holes. Of gigabytes that nobody has written to nothing is read.
func copyData(from string, at int64, to string, there int64) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	for begin := at; ; {
		begin, err = unix.Seek(int(in.Fd()), begin, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break // a hole to the end
		}
		if err != nil {
			return err
		}
		end, err := unix.Seek(int(in.Fd()), begin, unix.SEEK_HOLE)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.NewOffsetWriter(out, there+begin-at), io.NewSectionReader(in, begin, end-begin)); err != nil {
			return err
		}
		begin = end
	}
	size, err := out.Stat()
	if err != nil {
		return err
	}
	if whole := there + info.Size() - at; size.Size() < whole {
		return out.Truncate(whole)
	}
	return nil
}
