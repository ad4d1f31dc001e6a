package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"loa/agent/decode"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/scripts/authority"
	"loa/scripts/mediaserver"
)

// A programme is what was sent, and with what it can be compared.
type programme struct {
	start   time.Time
	length  time.Duration
	masters map[string]string // bulletin id → WAV file of what it was made from
}

// The start must leave the box time to connect and to fetch the recordings.
const headStart = 3 * time.Second

// send signs the programme and sends it: a policy without quiet hours, two
// bulletins, and a schedule with one slot that begins in a moment.
func (s *stage) send(ctx context.Context, folder string, now time.Time) (*programme, error) {
	p := &programme{
		start:   now.Add(headStart).Truncate(time.Second).Add(time.Second),
		masters: map[string]string{"thong-bao": filepath.Join(folder, "bulletin.master.wav"), "nhac": filepath.Join(folder, "music.master.wav")},
	}
	day := plan.Validity{ValidFrom: now.Add(-time.Minute).UTC().Truncate(time.Second), ValidUntil: now.Add(24 * time.Hour).UTC().Truncate(time.Second)}
	policy := &plan.Policy{Validity: day, Zone: "+07:00", QuietHours: []plan.Span{}}
	policy.Place, policy.ID = s.place, s.device // as nobody else's is called
	documents := []any{policy}

	chime, _ := sound.ChimeLength("gong")
	p.length = chime
	slot := plan.Slot{
		ID: "sang", Items: []plan.Item{{Chime: "gong"}},
		At: []string{p.start.In(zone).Format("15:04:05")}, ForS: 120,
	}
	for _, b := range []struct{ id, file, title, text string }{
		{"thong-bao", "bulletin.mp3", "Lịch tiêm chủng", "Sáng thứ hai, trạm y tế phường tiêm chủng cho trẻ em, bắt đầu lúc bảy giờ ba mươi phút."},
		{"nhac", "music.wav", "Nhạc hiệu", ""},
	} {
		audio, lufs, err := s.addMedia(filepath.Join(folder, b.file))
		if err != nil {
			return nil, err
		}
		doc := &plan.Bulletin{
			Validity: day, Class: plan.Normal, Origin: plan.Own, Lang: "vi", Title: b.title, Text: b.text,
			Audio: []plan.Audio{audio}, LoudnessLUFS: lufs,
		}
		if b.text != "" {
			doc.Pages = []plan.Page{noticePage}
		}
		doc.Place, doc.ID = s.place, s.device+"-"+b.id
		is, err := s.sign(doc)
		if err != nil {
			return nil, err
		}
		slot.Items = append(slot.Items, plan.Item{Ref: &plan.Ref{Kind: plan.KindBulletin, ID: doc.ID, SHA256: is.SHA256}})
		p.length += time.Second + time.Duration(audio.DurationMS)*time.Millisecond
	}
	schedule := &plan.Schedule{Validity: day, Zone: "+07:00", Slots: []plan.Slot{slot}}
	schedule.Place, schedule.ID = s.place, s.device
	documents = append(documents, schedule)
	for _, doc := range documents {
		if _, err := s.sign(doc); err != nil {
			return nil, err
		}
	}
	all := s.sample // a real broker has the rest, or is not to have it yet
	if s.own {
		var err error
		if all, err = s.au.Issued(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return p, s.publish(ctx, all...)
}

// alarm sets an emergency for the sample's place, or takes it back.
func (s *stage) alarm(ctx context.Context, on bool, now time.Time) error {
	set := &plan.AlertSet{Office: province, Alerts: []plan.Alert{}}
	set.Place, set.ID = s.place, province
	if on {
		set.Alerts = append(set.Alerts, plan.Alert{
			ID: "lu", Event: "Lũ quét", Urgency: "immediate", Severity: "severe", Certainty: "likely",
			Headline: "Lũ quét trên sông Sài Gòn", Instruction: "Lên chỗ cao ngay, không qua suối.",
			Repeat: 1, Until: now.Add(10 * time.Minute).UTC().Truncate(time.Second),
		})
	}
	is, err := s.sign(set)
	if err != nil {
		return err
	}
	return s.publish(ctx, is)
}

func (s *stage) sign(doc any) (authority.Issued, error) {
	is, err := s.au.Sign(doc, s.signers...)
	if err != nil {
		return is, err
	}
	s.sample = append(s.sample, is)
	return is, s.au.Keep(is)
}

// addMedia puts a recording into the media server's folder and measures it.
func (s *stage) addMedia(file string) (plan.Audio, float64, error) {
	f, err := os.Open(file)
	if err != nil {
		return plan.Audio{}, 0, err
	}
	defer f.Close()
	sum, size, err := mediaserver.Add(s.au.MediaDir(), f)
	if err != nil {
		return plan.Audio{}, 0, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		return plan.Audio{}, 0, err
	}
	var loudness sound.Loudness
	info, err := decode.Walk(context.Background(), f, "", func(pcm []float32) error {
		loudness.Add(pcm)
		return nil
	})
	if err != nil {
		return plan.Audio{}, 0, errors.Join(fmt.Errorf("%s is no recording", file), err)
	}
	lufs := float64(int(loudness.Integrated()*10)) / 10
	return plan.Audio{SHA256: sum, Bytes: size, Type: info.Type, DurationMS: info.Duration.Milliseconds(), Lang: "vi"}, lufs, nil
}
