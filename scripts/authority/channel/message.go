package channel

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"loa/drivers/line"
	"loa/drivers/modem"
	"loa/scripts/authority/channel/sms"
)

// mostSMS is how many short messages a post may become: each is paid for.
const mostSMS = 5

// Messages are the short messages of a post. What would be more of them than anybody
// pays for is its first line alone, which for an alert says what it is.
func (c Channel) Messages(p Post, place string) (sms.Message, error) {
	text := p.Head(place)
	if body := p.Body(); body != "" {
		text += ". " + body
	}
	m, err := sms.Split(c.letters(text))
	if err != nil || len(m.Parts) > mostSMS {
		m, err = sms.Split(c.letters(Short(p.Head(place), 200)))
	}
	return m, err
}

// letters are a text in the letters of the channel.
func (c Channel) letters(text string) string {
	text = norm.NFC.String(text)
	if !c.Plain {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r == 'đ':
			return 'd'
		case r == 'Đ':
			return 'D'
		case r == '–', r == '—':
			return '-'
		case r == '“', r == '”':
			return '"'
		case r == '‘', r == '’':
			return '\''
		}
		return r
	}, strings.ReplaceAll(norm.NFD.String(text), "…", "..."))
}

// An esmsWay sends by eSMS.vn: https://developers.esms.vn, SendMultipleMessage_V4. It
// takes a RequestId once, so that an emergency which is sent again reaches nobody twice.
type esmsWay struct{ service }

// Its results, of which the rest are mistakes that do not pass.
const (
	esmsTaken   = "100"
	esmsUnknown = "99"
	esmsAgain   = "124" // the RequestId was there before
)

func (w *esmsWay) Send(ctx context.Context, p Post, place, id string) (string, error) {
	key, err := secret(w.c.KeyFile)
	if err != nil {
		return "", err
	}
	pass, err := secret(w.c.SecretFile)
	if err != nil {
		return "", err
	}
	m, err := w.c.Messages(p, place)
	if err != nil {
		return "", &failure{text: err.Error()}
	}
	body := map[string]string{
		"ApiKey": key, "SecretKey": pass, "Phone": "0" + strings.TrimPrefix(p.To, "+84"), "Content": strings.Join(m.Parts, ""),
		"SmsType": "8", "IsUnicode": "0", "RequestId": id,
	}
	if m.Coding == sms.UCS2 {
		body["IsUnicode"] = "1"
	}
	if w.c.Brand != "" {
		body["SmsType"], body["Brandname"] = "2", w.c.Brand
	}
	if !strings.HasPrefix(p.To, "+84") {
		body["Phone"] = p.To[1:]
	}
	var said struct {
		Code  string `json:"CodeResult"`
		ID    string `json:"SMSID"`
		Error string `json:"ErrorMessage"`
	}
	if err := w.askJSON(ctx, w.c.URL+"/MainService.svc/json/SendMultipleMessage_V4_post_json/", body, nil, &said); err != nil {
		return "", err
	}
	switch said.Code {
	case esmsTaken:
		return said.ID, nil
	case esmsAgain:
		return "sent before", nil
	}
	return "", &failure{text: fmt.Sprintf("eSMS: %s %s", said.Code, said.Error), passes: said.Code == esmsUnknown}
}

// A modemWay sends by a modem at a serial port, which is open only meanwhile: one message
// at a time.
type modemWay struct {
	c    Channel
	turn chan struct{} // cap 1
}

// A Busy way is one that somebody else has just now.
type Busy interface {
	// TrySend is Send, but for a way that is in use: then it sends nothing, and ok is false.
	TrySend(ctx context.Context, p Post, place, id string) (ref string, ok bool, err error)
}

func (w *modemWay) Send(ctx context.Context, p Post, place, id string) (string, error) {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-w.turn }()
	return w.send(ctx, p, place, id)
}

func (w *modemWay) TrySend(ctx context.Context, p Post, place, id string) (ref string, ok bool, err error) {
	select {
	case w.turn <- struct{}{}:
	default:
		return "", false, nil
	}
	defer func() { <-w.turn }()
	ref, err = w.send(ctx, p, place, id)
	return ref, true, err
}

func (w *modemWay) send(ctx context.Context, p Post, place, id string) (string, error) {
	m, err := w.c.Messages(p, place)
	if err != nil {
		return "", &failure{text: err.Error()}
	}
	reference := fnv.New32a()
	reference.Write([]byte(id))
	all, err := m.PDUs(p.To, byte(reference.Sum32()))
	if err != nil {
		return "", &failure{text: err.Error()}
	}
	port, err := line.Open(line.Opts{Path: w.c.Port, Baud: 115200})
	if err != nil {
		return "", err
	}
	at, err := modem.New(ctx, port)
	if err != nil {
		return "", err
	}
	defer at.Close()
	var refs []string
	for _, part := range all {
		ref, err := at.Submit(ctx, strings.ToUpper(hex.EncodeToString(part.Bytes)), part.TPDU)
		if err != nil {
			// Of what went out in part, or may have, only an emergency is said again.
			return "", &failure{text: err.Error(), passes: errors.Is(err, modem.ErrRefused) && len(refs) == 0 || isEmergency(p)}
		}
		refs = append(refs, ref)
	}
	return strings.Join(refs, ","), nil
}
