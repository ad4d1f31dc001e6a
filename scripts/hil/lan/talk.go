package lan

import (
	"encoding/binary"
	"time"
)

// dhcp offers the only address there is, and names the time server (RFC 2131; option 42 of
// RFC 2132). It names no router: there is no way out.
func dhcp(asked []byte) []byte {
	const head, request, reply = 236, 1, 2
	cookie := [4]byte{99, 130, 83, 99}
	if len(asked) < head+4 || asked[0] != request || [4]byte(asked[head:head+4]) != cookie {
		return nil
	}
	const discover, offer, wants, ack = 1, 2, 3, 5
	kind := byte(0)
	for o := asked[head+4:]; len(o) >= 2 && o[0] != 255; {
		if o[0] == 0 {
			o = o[1:]
			continue
		}
		end := 2 + int(o[1])
		if end > len(o) {
			return nil
		}
		if o[0] == 53 && end == 3 {
			kind = o[2]
		}
		o = o[end:]
	}
	switch kind {
	case discover:
		kind = offer
	case wants:
		kind = ack
	default:
		return nil
	}
	server, mine := Server.As4(), box.As4()
	out := append([]byte{reply}, asked[1:head]...)
	copy(out[16:20], mine[:])
	copy(out[20:24], server[:])
	out = append(append(out, cookie[:]...), 53, 1, kind)
	for _, o := range []struct {
		code  byte
		value [4]byte
	}{{54, server}, {51, [4]byte{0, 0, 14, 16}}, {1, mask}, {42, server}} {
		out = append(append(out, o.code, 4), o.value[:]...)
	}
	return append(out, 255)
}

// ntp tells the time (RFC 5905), when it does.
func (n *LAN) ntp(asked []byte) []byte {
	const client, server = 3, 4
	if len(asked) < 48 || asked[0]&7 != client {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mute {
		return nil
	}
	n.answers++
	now := stamp(time.Now().Add(n.lie))
	out := make([]byte, 48)
	out[0] = 4<<3 | server // no leap second, version 4
	out[1], out[2], out[3] = 2, asked[2], 0xec
	binary.BigEndian.PutUint32(out[8:], 1<<16/100) // of its own clock it is sure to 10 ms
	copy(out[12:], "LOA ")
	binary.BigEndian.PutUint64(out[16:], now)
	copy(out[24:32], asked[40:48])
	binary.BigEndian.PutUint64(out[32:], now)
	binary.BigEndian.PutUint64(out[40:], now)
	return out
}

// stamp is a time as NTP writes it: seconds since 1900 and their 2⁻³² parts.
func stamp(t time.Time) uint64 {
	const from1900to1970 = 2208988800
	return uint64(t.Unix()+from1900to1970)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
