package console

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/voice"
)

// sweep goes through all that a horn gives: a rattle or a hole is heard at its pitch.
func (c *call) sweep() (answer, error) {
	volume, ok := c.percent(0, 1)
	if !ok {
		return answer{}, c.misused()
	}
	return c.playChime("sweep", volume)
}

// sayAddress says the box's own address through the horns, for a technician who has no other
// way to read it.
func (c *call) sayAddress() (answer, error) {
	volume, ok := c.percent(1, 1)
	if !ok || len(c.args) == 0 || c.args[0] != "ip" {
		return answer{}, c.misused()
	}
	if c.box.Survey == nil {
		return answer{}, c.absent()
	}
	address := c.box.Survey.Net(c.ctx).Address()
	lang := "vi"
	if c.english() {
		lang = "en"
	}
	length, err := voice.Length(lang, address)
	if address == "" || err != nil {
		return answer{}, errors.New(c.say("say.noaddress"))
	}
	part := plan.Part{Say: address, Lang: lang, Length: length}
	if err := c.sounds(part, c.say("say.title", address), volume); err != nil {
		return answer{}, err
	}
	data := struct {
		Address string  `json:"address"`
		Lang    string  `json:"lang"`
		LengthS float64 `json:"length_s"`
	}{address, lang, length.Seconds()}
	return answer{data: data, text: c.say("play.begun", c.say("say.title", address), c.brief(length))}, nil
}

// playChime plays what is built in by its name.
func (c *call) playChime(name string, volume int) (answer, error) {
	length, _ := sound.ChimeLength(name)
	title := c.say("chime." + name)
	if err := c.sounds(plan.Part{Chime: name, Length: length}, title, volume); err != nil {
		return answer{}, err
	}
	data := struct {
		Chime   string  `json:"chime"`
		LengthS float64 `json:"length_s"`
	}{name, length.Seconds()}
	return answer{data: data, text: c.say("play.begun", title, c.brief(length))}, nil
}

// longestLevel bounds in seconds how long the level is looked at.
const longestLevel = 15

// level is what the speaker gives now, or over some seconds.
func (c *call) level() (answer, error) {
	d := 0
	if len(c.args) > 0 {
		n, err := strconv.Atoi(strings.TrimSuffix(c.args[0], "s"))
		if err != nil || n < 1 || n > longestLevel || len(c.args) > 1 {
			return answer{}, usageError{c.say("level.bound", longestLevel)}
		}
		d = n
	}
	if c.box.View == nil {
		return answer{}, c.absent()
	}
	st := c.box.View.Status()
	data := struct {
		RMS       float64 `json:"rms_dbfs"`
		Peak      float64 `json:"peak_dbfs"`
		Least     float64 `json:"rms_min_dbfs"`
		Most      float64 `json:"rms_max_dbfs"`
		ForS      int     `json:"for_s"`
		Amp       bool    `json:"amp"`
		Xruns     int64   `json:"xruns"`
		Underruns int64   `json:"underruns"`
		Volume    int     `json:"volume_percent"`
	}{st.RMSDBFS, st.PeakDBFS, st.RMSDBFS, st.RMSDBFS, d, st.Amp, st.Xruns, st.Underruns, st.Volume}
	for range d * 10 {
		if !c.pause(100 * time.Millisecond) {
			break
		}
		now := c.box.View.Status()
		data.RMS, data.Peak = now.RMSDBFS, max(data.Peak, now.PeakDBFS)
		data.Least, data.Most = min(data.Least, now.RMSDBFS), max(data.Most, now.RMSDBFS)
		data.Amp = data.Amp || now.Amp
		data.Xruns, data.Underruns = now.Xruns, now.Underruns
	}
	var b rows
	b.row(c.say("status.level"), meter(data.RMS, data.Peak))
	if d > 0 {
		b.row(c.say("level.span"), c.say("level.spread", d, data.Least, data.Most, data.Peak))
	}
	if st.Silent {
		b.row(c.say("status.sound"), c.say("status.nospeaker"))
		return answer{data: data, text: b.String()}, nil
	}
	b.row(c.say("status.sound"), join(", ", or(c.driver(st.Sink), "OK"), c.say("status.amp."+onOff(data.Amp)), c.say("status.volume", data.Volume)))
	b.row(c.say("level.gaps"), c.say("level.lost", data.Xruns, data.Underruns))
	return answer{data: data, text: b.String()}, nil
}

// speaker plays the test tone and looks at every link of the chain meanwhile. The last of
// them, the horn, only a person can judge.
func (c *call) speaker() (answer, error) {
	volume, ok := c.percent(1, 1)
	if !ok || len(c.args) == 0 || c.args[0] != "test" {
		return answer{}, c.misused()
	}
	if c.box.View == nil {
		return answer{}, c.absent()
	}
	if _, err := c.playChime("test", volume); err != nil {
		return answer{}, err
	}
	length, _ := sound.ChimeLength("test")
	data := struct {
		Sink  string  `json:"sink_fault,omitempty"`
		Keyed bool    `json:"amp_keyed"` // a line keys the amplifier
		Amp   bool    `json:"amp"`
		RMS   float64 `json:"rms_dbfs"`
		Heard *bool   `json:"heard,omitempty"` // what the technician says
	}{RMS: -120}
	for range (length + time.Second) / (100 * time.Millisecond) {
		if !c.pause(100 * time.Millisecond) {
			break
		}
		st := c.box.View.Status()
		data.Sink, data.Keyed = st.Sink, st.Keyed
		data.Amp, data.RMS = data.Amp || st.Amp, max(data.RMS, st.RMSDBFS)
	}
	a := answer{}
	line := func(ok bool, key string, args ...any) string {
		if !ok {
			a.code = Failed
		}
		return fmt.Sprintf("%s %s\n", pad(c.say("mark."+map[bool]string{true: "pass", false: "fail"}[ok]), 5), c.say(key, args...))
	}
	a.text = line(data.RMS > -100, "speaker.tone", data.RMS) // at 1 % it is quiet, and not lost
	a.text += line(data.Sink == "", "speaker.sink", or(c.driver(data.Sink), "OK"))
	if data.Keyed {
		a.text += line(data.Amp, "speaker.amp")
	}
	if c.ask == nil {
		a.text += c.say("speaker.listen") + "\n"
		a.data = data
		return a, nil
	}
	heard := yes(c.ask(a.text + c.say("speaker.heard")))
	data.Heard = &heard
	a.data, a.text = data, line(heard, "speaker.said")
	if !heard {
		a.text += fold(c.say("speaker.do"), 0)
	}
	return a, nil
}
