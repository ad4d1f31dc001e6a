package desk

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"loa/agent/message"
)

// What is signed elsewhere counts as what a browser signs, and nothing else does: not
// another's key, not other bytes, not a proposal of somebody else.
func TestSignedElsewhere(t *testing.T) {
	s := newStage(t)
	lan, minh, hoa := s.enter("lan"), s.enter("minh"), s.enter("hoa")
	page := s.proposed(lan, s.drafted(lan, "26734", "Nước lên")+"/submit")
	other := s.proposed(lan, s.drafted(lan, "26734", "Tin khác")+"/submit")
	paper := func(id, page string) message.Envelope {
		w := s.get(id, page+"/envelope")
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", page, w.Code)
		}
		var e struct {
			PayloadType string
			Payload     []byte
		}
		s.must(json.Unmarshal(w.Body.Bytes(), &e))
		return message.Envelope{PayloadType: e.PayloadType, Payload: e.Payload}
	}
	signed := func(e message.Envelope, who string) []byte {
		return message.Sign(e.PayloadType, e.Payload, s.keys[who]).Encode()
	}
	e := paper(lan, page)
	bad := message.Sign(e.PayloadType, []byte("other"), s.keys["lan"])
	bad.Payload = e.Payload
	for name, tt := range map[string]struct {
		by   string
		file []byte
		want int
	}{
		"nothing":            {lan, nil, http.StatusBadRequest},
		"no envelope":        {lan, []byte("{}"), http.StatusBadRequest},
		"unsigned":           {lan, e.Encode(), http.StatusBadRequest},
		"too large":          {lan, bytes.Repeat([]byte(" "), message.MaxEnvelope+1), http.StatusBadRequest},
		"another's key":      {lan, signed(e, "minh"), http.StatusForbidden},
		"another document":   {lan, signed(paper(lan, other), "lan"), http.StatusConflict},
		"a wrong signature":  {lan, bad.Encode(), http.StatusForbidden},
		"another's proposal": {minh, signed(e, "minh"), http.StatusNotFound},
		"another commune":    {hoa, signed(e, "hoa"), http.StatusNotFound},
	} {
		if w := s.sends(tt.by, page+"/file", "signature", tt.file); w.Code != tt.want {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, tt.want, w.Body)
		}
	}
	if w := s.sends(lan, page+"/file", "signature", signed(e, "lan")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "chờ người duyệt") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	// The second signs what waits, which has a signature already.
	if w := s.sends(minh, page+"/file", "signature", signed(paper(minh, page), "minh")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Đã ký và gửi") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := s.sends(minh, page+"/file", "signature", signed(e, "minh")); w.Code != http.StatusNotFound {
		t.Errorf("what is out is signed once more: %d", w.Code)
	}
}
