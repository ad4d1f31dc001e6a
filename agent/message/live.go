package message

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"time"

	"loa/agent/plan"
)

// A LivePacket is 20 to 240 ms of live talk, or its end. On the wire it is binary;
// numbers are unsigned and big-endian:
//
//	byte 0   "LOA1"                    4 bytes of ASCII
//	     4   codec                     1 byte: 0 the end of the session, 1 Opus
//	     5   seq                       4 bytes: 0, 1, 2 …, no number twice
//	     9   offset_ms                 4 bytes: from the session's beginning to the packet's
//	    13   duration_ms               2 bytes: 20 to 240; 0 in the end
//	    15   audio                     one Opus packet (RFC 6716, no container); none in the end
//	    -64  signature                 64 bytes of Ed25519
//
// It goes to loa/v1/p/{place}/live/{session}, at most once and not retained; the
// session is the id of the act.live that names its key. The signature is over
// "loa-live-v1", place and session, each with a zero byte behind it, and then all of
// the packet before the signature: so it fits one session only. The end says by its
// offset how much there was. Opus is what every browser encodes; mono at 48 kHz,
// 20 to 60 ms a packet, does.
type LivePacket struct {
	Codec    byte
	Seq      uint32
	Offset   time.Duration // from the session's beginning, whole milliseconds
	Duration time.Duration
	Audio    []byte
}

// The codecs of live talk.
const (
	LiveEnd  byte = 0
	LiveOpus byte = 1
)

const (
	liveMagic  = "LOA1"
	liveHeader = len(liveMagic) + 1 + 4 + 4 + 2
	maxLive    = 8 << 10 // bytes of one packet
	minLiveMS  = 20
	maxLiveMS  = 240
)

// End reports the packet that ends a session.
func (p LivePacket) End() bool { return p.Codec == LiveEnd }

// SignLive is the packet as it is published.
func SignLive(place, session string, p LivePacket, key ed25519.PrivateKey) []byte {
	b := make([]byte, 0, liveHeader+len(p.Audio)+ed25519.SignatureSize)
	b = append(b, liveMagic...)
	b = append(b, p.Codec)
	b = binary.BigEndian.AppendUint32(b, p.Seq)
	b = binary.BigEndian.AppendUint32(b, uint32(p.Offset/time.Millisecond))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Duration/time.Millisecond))
	b = append(b, p.Audio...)
	return append(b, ed25519.Sign(key, liveSigned(place, session, b))...)
}

// ParseLive takes a packet apart and believes it: whoever uses it for more than to
// throw it away asks VerifyLive first. Its errors are [*plan.Error] with too-large,
// malformed or unsupported.
func ParseLive(raw []byte) (LivePacket, error) {
	if len(raw) > maxLive {
		return LivePacket{}, &plan.Error{Code: plan.TooLarge, Msg: fmt.Sprintf("a live packet of %d bytes; at most %d", len(raw), maxLive)}
	}
	end := len(raw) - ed25519.SignatureSize
	if end < liveHeader || string(raw[:len(liveMagic)]) != liveMagic {
		return LivePacket{}, malformed("", "no live packet")
	}
	p := LivePacket{
		Codec:    raw[4],
		Seq:      binary.BigEndian.Uint32(raw[5:]),
		Offset:   time.Duration(binary.BigEndian.Uint32(raw[9:])) * time.Millisecond,
		Duration: time.Duration(binary.BigEndian.Uint16(raw[13:])) * time.Millisecond,
		Audio:    raw[liveHeader:end],
	}
	ms := p.Duration.Milliseconds()
	switch {
	case p.Codec == LiveEnd && (ms != 0 || len(p.Audio) != 0):
		return LivePacket{}, malformed("duration_ms", "the end has no length and no sound")
	case p.Codec == LiveEnd:
	case p.Codec != LiveOpus:
		return LivePacket{}, &plan.Error{Code: plan.Unsupported, Field: "codec", Msg: fmt.Sprintf("%d; write 1 for Opus", p.Codec)}
	case ms < minLiveMS || ms > maxLiveMS:
		return LivePacket{}, malformed("duration_ms", "%d; a packet lasts %d to %d ms", ms, minLiveMS, maxLiveMS)
	case len(p.Audio) == 0:
		return LivePacket{}, malformed("audio", "a packet without sound")
	}
	return p, nil
}

// VerifyLive says whether the session's key has signed the packet.
func VerifyLive(place, session string, raw []byte, key ed25519.PublicKey) error {
	end := len(raw) - ed25519.SignatureSize
	if end < 0 || !ed25519.Verify(key, liveSigned(place, session, raw[:end]), raw[end:]) {
		return &plan.Error{Code: plan.Signature, Msg: "the packet is not signed by the session's key"}
	}
	return nil
}

// OpenLive is ParseLive and VerifyLive.
func OpenLive(place, session string, raw []byte, key ed25519.PublicKey) (LivePacket, error) {
	p, err := ParseLive(raw)
	if err != nil {
		return p, err
	}
	if err := VerifyLive(place, session, raw, key); err != nil {
		return LivePacket{}, err
	}
	return p, nil
}

func liveSigned(place, session string, packet []byte) []byte {
	b := append([]byte("loa-live-v1\x00"), place...)
	b = append(append(b, 0), session...)
	return append(append(b, 0), packet...)
}
