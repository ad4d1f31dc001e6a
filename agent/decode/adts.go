package decode

// An adtsHeader is the seven bytes that begin a frame of AAC in ADTS (ISO
// 13818-7), nine with its checksum.
type adtsHeader struct {
	key      uint32 // layer, profile, rate and channels
	profile  int    // 1: LC
	rate     int
	channels int // 0: said inside; 7 means 8
	size     int // of the whole frame
	blocks   int // raw data blocks of 1024 samples, 1…4
}

var adtsRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// adtsSamples is the number of samples per channel in a raw data block.
const adtsSamples = 1024

// parseADTS reads a frame header and reports whether it is one.
func parseADTS(b []byte) (h adtsHeader, ok bool) {
	if len(b) < 7 || b[0] != 0xFF || b[1]&0xF6 != 0xF0 {
		return h, false
	}
	rate := int(b[2] >> 2 & 15)
	if rate >= len(adtsRates) {
		return h, false
	}
	h.key = 1<<31 | uint32(b[2]&0xFD)<<8 | uint32(b[3]&0xC0)
	h.profile = int(b[2] >> 6)
	h.rate = adtsRates[rate]
	h.channels = int(b[2]&1<<2 | b[3]>>6)
	h.size = int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5]>>5)
	h.blocks = int(b[6]&3) + 1
	least := 7
	if b[1]&1 == 0 {
		least = 9
	}
	return h, h.size > least
}

// adtsFrames is the framing of ADTS.
type adtsFrames struct{ framing }

func newADTSFrames(in *input) *adtsFrames {
	return &adtsFrames{framing{in: in, length: 7, longest: 1<<13 - 1, parse: func(b []byte) (header, bool) {
		h, ok := parseADTS(b)
		return header{key: h.key, size: h.size}, ok
	}}}
}

// next gives the next whole frame and its header.
func (f *adtsFrames) next() (adtsHeader, []byte, error) {
	b, err := f.framing.next()
	h, _ := parseADTS(b)
	return h, b, err
}
