package plan

import "slices"

// AudioTypes are the media types that bulletins may name.
var AudioTypes = []string{"audio/mpeg", "audio/wav", "audio/flac", "audio/ogg", "audio/opus", "audio/aac"}

// ImageTypes are the media types of the pictures that pages may name.
var ImageTypes = []string{"image/png", "image/jpeg", "image/webp", "image/gif"}

const (
	// MaxImageBytes bounds a picture: a photograph for a wall has less.
	MaxImageBytes = 4 << 20

	maxAudioBytes = 1 << 29          // a day of speech at 48 kbit/s
	maxAudioMS    = 24 * 3600 * 1000 // a day
	maxText       = 16 << 10         // letters; the envelope bounds the bytes
	maxVoice      = 80               // letters
	maxTicker     = 300              // letters: about a minute, and nobody waits longer
	minLUFS       = -70.0            // the absolute gate of EBU R128
)

// Validate says what is wrong with the bulletin.
func (b Bulletin) Validate() error {
	var c check
	c.broadcast(b.Head, KindBulletin)
	c.validity(b.Head, b.Validity)
	enum(&c, "class", b.Class, Normal, PriorityC, Emergency, Drill)
	enum(&c, "origin", b.Origin, Own, Higher, Central, Provincial, Notice, Answer)
	c.lang("lang", b.Lang)
	c.required("title", b.Title, 200)
	c.text("text", b.Text, maxText)
	c.count("audio", len(b.Audio), 0, 16)
	for i, a := range b.Audio {
		c.audio(index("audio", i), a)
		if a.Voice != "" && b.Text == "" && !b.Withdrawn {
			c.fail("text", "missing: what a machine read is signed together with its text")
		}
	}
	c.pages("pages", b.Pages)
	c.between("repeat", int64(b.Repeat), 0, 20)
	if b.LoudnessLUFS < minLUFS || b.LoudnessLUFS > 0 {
		c.fail("loudness_lufs", "%g; write -70 to 0, or leave it out", b.LoudnessLUFS)
	}
	c.ids("approved_by", b.ApprovedBy, 8)
	if !b.Withdrawn && b.Text == "" && len(b.Audio) == 0 && len(b.Pages) == 0 {
		c.fail("audio", "nothing to say or show: write audio, pages or text")
	}
	c.ticker(b)
	return c.result()
}

func (c *check) audio(field string, a Audio) {
	c.sha(field+".sha256", a.SHA256)
	c.between(field+".bytes", a.Bytes, 1, maxAudioBytes)
	if !slices.Contains(AudioTypes, a.Type) {
		c.fail(field+".type", "%.40q; write %s", a.Type, oneOf(AudioTypes))
	}
	c.between(field+".duration_ms", a.DurationMS, 1, maxAudioMS)
	if a.Lang != "" {
		c.lang(field+".lang", a.Lang)
	}
	c.line(field+".voice", a.Voice, maxVoice)
}

func (c *check) pages(field string, pages []Page) {
	c.count(field, len(pages), 0, 32)
	for i, p := range pages {
		c.page(index(field, i), p)
	}
}

// ticker is a line that runs under something, and not under an alarm: that has the
// whole board, and nothing moves beside it.
func (c *check) ticker(b Bulletin) {
	c.line("ticker", b.Ticker, maxTicker)
	switch {
	case b.Ticker == "":
	case b.Class == Emergency:
		c.fail("ticker", "an emergency has the whole board: write it as a page")
	case len(b.Shown()) == 0 && !b.Withdrawn:
		c.fail("ticker", "nothing that it could run under: write pages or text")
	}
}

func (c *check) page(at string, p Page) {
	if (p.Text == "") == (p.Image == "") {
		c.fail(at, "write either text or image")
	}
	c.text(at+".text", p.Text, 2000)
	switch {
	case p.Image != "":
		c.sha(at+".image", p.Image)
		c.between(at+".bytes", p.Bytes, 1, MaxImageBytes)
		enum(c, at+".type", p.Type, ImageTypes...)
	case p.Bytes != 0 || p.Type != "":
		c.fail(at+".bytes", "only a picture has bytes and a type")
	}
	if p.Style != "" {
		c.id(at+".style", p.Style)
	}
	c.between(at+".stay_s", int64(p.StayS), 0, 3600)
	if p.Lang != "" {
		c.lang(at+".lang", p.Lang)
	}
}

// ref is a reference that pins what it refers to.
func (c *check) ref(field string, r Ref, kind Kind) {
	c.refName(field, r, kind)
	c.sha(field+".sha256", r.SHA256)
}

func (c *check) refName(field string, r Ref, kind Kind) {
	if r.Place != "" {
		c.id(field+".place", r.Place)
	}
	if r.Kind != kind {
		c.fail(field+".kind", "%.40q; write %s", r.Kind, kind)
	}
	c.id(field+".id", r.ID)
}
