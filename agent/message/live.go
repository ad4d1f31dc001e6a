package message

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"time"

	"loa/agent/plan"
)

// A LivePacket is 20 to 240 ms of live talk. On the wire it is binary, big-endian:
//
//	"LOA1" · seq uint32 · offset_ms uint32 · duration_ms uint16 · audio · signature (64 bytes)
//
// The signature is over "loa-live-v1", place and session, each with a zero byte
// behind it, and all before the signature. So a packet fits one session only.
type LivePacket struct {
	Seq      uint32
	Offset   time.Duration // from the session's beginning, whole milliseconds
	Duration time.Duration
	Audio    []byte
}

const (
	liveMagic  = "LOA1"
	liveHeader = len(liveMagic) + 4 + 4 + 2
	maxLive    = 16 << 10 // bytes of one packet
	minLiveMS  = 20
	maxLiveMS  = 240
)

// SignLive is the packet as it is published.
func SignLive(place, session string, p LivePacket, key ed25519.PrivateKey) []byte {
	b := make([]byte, 0, liveHeader+len(p.Audio)+ed25519.SignatureSize)
	b = append(b, liveMagic...)
	b = binary.BigEndian.AppendUint32(b, p.Seq)
	b = binary.BigEndian.AppendUint32(b, uint32(p.Offset/time.Millisecond))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Duration/time.Millisecond))
	b = append(b, p.Audio...)
	return append(b, ed25519.Sign(key, liveSigned(place, session, b))...)
}

// OpenLive takes a packet of a session apart and verifies it by the session's
// key. Its errors are [*plan.Error] with too-large, malformed or signature.
func OpenLive(place, session string, raw []byte, key ed25519.PublicKey) (LivePacket, error) {
	if len(raw) > maxLive {
		return LivePacket{}, &plan.Error{Code: plan.TooLarge, Msg: fmt.Sprintf("a live packet of %d bytes; at most %d", len(raw), maxLive)}
	}
	end := len(raw) - ed25519.SignatureSize
	if end <= liveHeader || string(raw[:len(liveMagic)]) != liveMagic {
		return LivePacket{}, malformed("", "no live packet")
	}
	p := LivePacket{
		Seq:      binary.BigEndian.Uint32(raw[4:]),
		Offset:   time.Duration(binary.BigEndian.Uint32(raw[8:])) * time.Millisecond,
		Duration: time.Duration(binary.BigEndian.Uint16(raw[12:])) * time.Millisecond,
		Audio:    raw[liveHeader:end],
	}
	if ms := p.Duration.Milliseconds(); ms < minLiveMS || ms > maxLiveMS {
		return LivePacket{}, malformed("duration_ms", "%d; a packet lasts %d to %d ms", ms, minLiveMS, maxLiveMS)
	}
	if !ed25519.Verify(key, liveSigned(place, session, raw[:end]), raw[end:]) {
		return LivePacket{}, &plan.Error{Code: plan.Signature, Msg: "the packet is not signed by the session's key"}
	}
	return p, nil
}

func liveSigned(place, session string, packet []byte) []byte {
	b := append([]byte("loa-live-v1\x00"), place...)
	b = append(append(b, 0), session...)
	return append(append(b, 0), packet...)
}
