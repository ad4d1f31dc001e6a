package relay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/asticode/go-astikit"
	"github.com/asticode/go-astits"

	"loa/agent/decode"
)

const (
	tsPacket = 188
	tsSync   = 0x47
	// maxPES bounds what the demuxer may gather of one elementary packet; a
	// second of the densest AAC is 70 kB.
	maxPES = 512 << 10
	maxID3 = 1 << 20 // an ID3 tag of a segment holds a time stamp and perhaps a picture
)

// errNoSound is a segment that has nothing to hear in it, a slate for example.
var errNoSound = errors.New("the segment holds no sound")

// elementary hands the sound in a segment to out, with its media type. It is
// TS with AAC or MPEG audio, or packed: ID3 tags and then nothing but frames.
func elementary(ctx context.Context, segment io.Reader, out func(mime string, b []byte) error) (err error) {
	defer func() { // the demuxer reads bytes from outside
		if p := recover(); p != nil {
			err = fmt.Errorf("the segment broke the demuxer: %v", p)
		}
	}()
	r := bufio.NewReaderSize(segment, 16<<10)
	if err := skipID3(r); err != nil {
		return err
	}
	head, err := r.Peek(tsPacket + 1)
	if len(head) < 8 {
		return fmt.Errorf("the segment has %d bytes: %w", len(head), err)
	}
	switch {
	case head[0] == tsSync && (len(head) <= tsPacket || head[tsPacket] == tsSync):
		return demux(ctx, r, out)
	case isADTS(head):
		return packed(ctx, r, decode.TypeAAC, out)
	case isMPEG(head):
		return packed(ctx, r, decode.TypeMP3, out)
	case bytes.Contains(head[4:8], []byte("typ")) || bytes.Equal(head[4:8], []byte("moof")):
		return errors.New("the segment is fragmented MP4; a relay plays MPEG-TS, AAC and MP3 segments")
	}
	return fmt.Errorf("the segment is neither MPEG-TS nor AAC nor MP3: it begins with %.16q", head)
}

func isADTS(b []byte) bool { return b[0] == 0xFF && b[1]&0xF6 == 0xF0 }
func isMPEG(b []byte) bool { return b[0] == 0xFF && b[1]&0xE0 == 0xE0 && b[1]&0x06 != 0 }

// skipID3 leaves out the tags that packed segments begin with: the transport
// stream time stamp, which only a player with pictures needs.
func skipID3(r *bufio.Reader) error {
	for total := 0; ; {
		h, _ := r.Peek(10)
		if len(h) < 10 || string(h[:3]) != "ID3" {
			return nil
		}
		n := 10 + int(h[6]&0x7F)<<21 + int(h[7]&0x7F)<<14 + int(h[8]&0x7F)<<7 + int(h[9]&0x7F)
		if h[5]&0x10 != 0 {
			n += 10 // footer
		}
		if total += n; total > maxID3 {
			return fmt.Errorf("the segment begins with more than %d bytes of tags", maxID3)
		}
		if _, err := r.Discard(n); err != nil {
			return fmt.Errorf("the segment ends within its ID3 tag: %w", err)
		}
	}
}

func packed(ctx context.Context, r io.Reader, mime string, out func(string, []byte) error) error {
	var b [8 << 10]byte
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(b[:])
		if n > 0 {
			if err := out(mime, b[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// demux finds the first audio stream of a transport stream.
func demux(ctx context.Context, r *bufio.Reader, out func(string, []byte) error) error {
	t := tables{pmt: make(map[uint16]bool)}
	d := astits.NewDemuxer(ctx, &aligned{r: r},
		astits.DemuxerOptPacketSize(tsPacket),
		astits.DemuxerOptPacketSkipper(t.skip),
		astits.DemuxerOptLogger(silentLogger{}))
	heard := false
	for bad := 0; ; {
		data, err := d.NextData()
		switch {
		case errors.Is(err, astits.ErrNoMorePackets):
			if !heard {
				return errNoSound
			}
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			// One damaged table or packet is not worth the segment; a reader
			// that has failed says so again and again.
			if bad++; bad > 100 {
				return fmt.Errorf("the segment cannot be taken apart: %w", err)
			}
			continue
		}
		switch {
		case data.PAT != nil:
			for _, p := range data.PAT.Programs {
				if p.ProgramNumber != 0 {
					t.pmt[p.ProgramMapID] = true
				}
			}
		case data.PMT != nil && t.audio == 0:
			t.find(data.PMT)
		case data.PES != nil && t.audio != 0 && data.PID == t.audio && len(data.PES.Data) > 0:
			heard = true
			if err := out(t.mime, data.PES.Data); err != nil {
				return err
			}
		}
	}
}

// tables is what a transport stream says about itself. Packets of no interest
// are skipped before the demuxer gathers them: pictures would fill the memory
// of a small box.
type tables struct {
	pmt   map[uint16]bool
	audio uint16 // 0: not yet known
	mime  string
	pes   int // bytes since the last beginning of an audio packet
}

func (t *tables) find(pmt *astits.PMTData) {
	for _, es := range pmt.ElementaryStreams {
		switch es.StreamType {
		case astits.StreamTypeADTS:
			t.mime = decode.TypeAAC
		case astits.StreamTypeMPEG1Audio, astits.StreamTypeMPEG2Audio:
			t.mime = decode.TypeMP3
		default:
			continue
		}
		t.audio = es.ElementaryPID
		return
	}
}

func (t *tables) skip(p *astits.Packet) bool {
	pid := p.Header.PID
	if pid == astits.PIDPAT || t.pmt[pid] {
		return false
	}
	if t.audio == 0 || pid != t.audio {
		return true
	}
	if p.Header.PayloadUnitStartIndicator {
		t.pes = 0
	}
	t.pes += tsPacket
	return t.pes > maxPES
}

// aligned reads whole transport packets and finds the next one after damage.
type aligned struct {
	r *bufio.Reader
}

func (a *aligned) Read(p []byte) (int, error) {
	if len(p) < tsPacket {
		return 0, io.ErrShortBuffer
	}
	for {
		b, err := a.r.Peek(tsPacket + 1)
		if len(b) < tsPacket {
			if err == nil || err == io.EOF {
				err = io.EOF
			}
			return 0, err
		}
		if b[0] == tsSync && (len(b) == tsPacket || b[tsPacket] == tsSync) {
			n := copy(p, b[:tsPacket])
			a.r.Discard(tsPacket)
			return n, nil
		}
		skip := 1 + bytes.IndexByte(b[1:], tsSync)
		if skip == 0 {
			skip = len(b)
		}
		a.r.Discard(skip)
	}
}

// silentLogger keeps the demuxer from writing about each damaged packet.
type silentLogger struct{}

var _ astikit.StdLogger = silentLogger{}

func (silentLogger) Fatal(...any)          {}
func (silentLogger) Fatalf(string, ...any) {}
func (silentLogger) Print(...any)          {}
func (silentLogger) Printf(string, ...any) {}
