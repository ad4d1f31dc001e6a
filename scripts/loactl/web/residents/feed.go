package residents

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority/said"
	"loa/scripts/loactl/web/look"
)

// A filter is what somebody wants of a place's feed; empty: everything.
type filter struct {
	below   bool // also what was said in the places below: a province's portal
	classes []string
	origins []string
	lang    string
}

var (
	classes = []string{string(plan.Emergency), string(plan.Live), string(plan.Drill), string(plan.PriorityC), string(plan.Normal)}
	origins = []string{string(plan.Own), string(plan.Higher), string(plan.Central), string(plan.Provincial), string(plan.Notice), string(plan.Answer)}
)

// filterOf reads class=, origin=, language= and below=1. What is no class or origin is
// passed over, so that nobody fills the cache with questions that mean nothing.
func filterOf(q url.Values) filter {
	known := func(name string, all []string) (some []string) {
		for _, one := range all {
			if slices.Contains(strings.Split(q.Get(name), ","), one) {
				some = append(some, one)
			}
		}
		return some
	}
	f := filter{below: q.Get("below") == "1", classes: known("class", classes), origins: known("origin", origins)}
	if l := q.Get("language"); len(l) <= 3 && plan.ValidID(l) {
		f.lang = l
	}
	return f
}

// query is the filter as it stands in an address, always in the same form.
func (f filter) query() string {
	q := url.Values{}
	if f.below {
		q.Set("below", "1")
	}
	if len(f.classes) > 0 {
		q.Set("class", strings.Join(f.classes, ","))
	}
	if len(f.origins) > 0 {
		q.Set("origin", strings.Join(f.origins, ","))
	}
	if f.lang != "" {
		q.Set("language", f.lang)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func (f filter) takes(class plan.Class, origin plan.Origin, lang string) bool {
	return (len(f.classes) == 0 || slices.Contains(f.classes, string(class))) &&
		(len(f.origins) == 0 || slices.Contains(f.origins, string(origin))) &&
		(f.lang == "" || lang == f.lang || strings.HasPrefix(lang, f.lang+"-"))
}

// speaks reports whether anything that was told is in a language, or whether any will do.
func speaks(t said.Told, lang string) bool {
	return lang == "" || lang == "vi" || slices.ContainsFunc(t.Items, func(i said.Item) bool {
		return filter{lang: lang}.takes(i.Class, i.Origin, i.Lang)
	})
}

// An entry is one line of a feed in any of its forms. The names are those of JSON Feed 1.1.
type entry struct {
	ID          string       `json:"id"`
	URL         string       `json:"url"`
	Title       string       `json:"title"`
	Text        string       `json:"content_text"`
	Published   time.Time    `json:"date_published"`
	Modified    time.Time    `json:"date_modified"`
	Language    string       `json:"language,omitempty"`
	Tags        []string     `json:"tags,omitempty"`
	Attachments []attachment `json:"attachments,omitempty"`
}

type attachment struct {
	URL     string `json:"url"`
	Type    string `json:"mime_type"`
	Bytes   int64  `json:"size_in_bytes,omitempty"`
	Seconds int    `json:"duration_in_seconds,omitempty"`
}

// titled is the title of an item where no mark stands beside it: of a drill it says that it is one.
func titled(i said.Item) string {
	word := words["vi"]["place.drill"]
	if i.Class != plan.Drill || strings.HasPrefix(strings.ToUpper(i.Title), word) {
		return i.Title
	}
	return word + ": " + i.Title
}

// entries are what the filter leaves of a place, the newest first, alerts before all.
func (s *Site) entries(t said.Told, f filter) []entry {
	all := []entry{}
	page := s.o.URL + "/p/" + t.Place
	attach := func(audio []said.Audio) (as []attachment) {
		for _, a := range audio {
			as = append(as, attachment{page + "/audio/" + a.SHA256, a.Type, a.Bytes, a.Seconds})
		}
		return as
	}
	for _, a := range t.Alerts {
		if a.Retracted || !f.takes(plan.Emergency, plan.Notice, "vi") {
			continue
		}
		all = append(all, entry{
			ID: s.o.URL + "/#alert/" + a.Place + "/" + a.Office + "/" + a.ID, URL: page, Title: a.Headline, Text: a.Instruction,
			Published: a.From, Modified: a.From, Language: "vi", Tags: []string{"alert", string(plan.Emergency), a.Severity}, Attachments: attach(a.Audio),
		})
	}
	for _, i := range t.Items {
		if i.Kind != "bulletin" || i.Withdrawn || !f.takes(i.Class, i.Origin, i.Lang) {
			continue
		}
		all = append(all, entry{
			ID: s.o.URL + "/#bulletin/" + i.Place + "/" + i.ID, URL: page + "#bulletin-" + i.Place + "-" + i.ID, Title: titled(i), Text: i.Text,
			Published: i.First, Modified: i.Last, Language: i.Lang, Tags: []string{string(i.Class), string(i.Origin)}, Attachments: attach(i.Audio),
		})
	}
	return all
}

// feed answers with the feed of a place in one form.
func (s *Site) feed(form, kind string, write func(said.Told, []entry, string) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		place, f := r.PathValue("place"), filterOf(r.URL.Query())
		w.Header().Set("Access-Control-Allow-Origin", "*") // it is for everybody's pages
		t, err := s.told(place, f.below)
		if err != nil {
			s.answered(w, r, &answer{err: err})
			return
		}
		key := form + " " + place + f.query()
		if !speaks(t.Told, f.lang) {
			key = "" // of languages that there are not, there are endless ones
		}
		s.giveOf(w, r, t.Version, key, kind, func() ([]byte, error) {
			return write(t.Told, s.entries(t.Told, f), s.o.URL+"/p/"+place+"/"+form+f.query())
		})
	}
}

func (s *Site) jsonFeed(t said.Told, all []entry, self string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"version": "https://jsonfeed.org/version/1.1", "title": t.Name, "home_page_url": s.o.URL + "/p/" + t.Place, "feed_url": self,
		"language": "vi", "items": all,
	})
}

type atomLink struct {
	Rel    string `xml:"rel,attr"`
	Href   string `xml:"href,attr"`
	Type   string `xml:"type,attr,omitempty"`
	Length int64  `xml:"length,attr,omitempty"`
}

type atomEntry struct {
	Lang     string         `xml:"xml:lang,attr,omitempty"`
	ID       string         `xml:"id"`
	Title    string         `xml:"title"`
	Updated  string         `xml:"updated"`
	Pub      string         `xml:"published"`
	Links    []atomLink     `xml:"link"`
	Category []atomCategory `xml:"category"`
	Content  string         `xml:"content"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

// atom is the feed by RFC 4287.
func (s *Site) atom(t said.Told, all []entry, self string) ([]byte, error) {
	type feed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string      `xml:"xml:lang,attr"`
		ID      string      `xml:"id"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Author  string      `xml:"author>name"`
		Links   []atomLink  `xml:"link"`
		Entries []atomEntry `xml:"entry"`
	}
	f := feed{Lang: "vi", ID: s.o.URL + "/p/" + t.Place, Title: t.Name, Author: s.o.Name,
		Links: []atomLink{{Rel: "self", Href: self, Type: "application/atom+xml"}, {Rel: "alternate", Href: s.o.URL + "/p/" + t.Place, Type: "text/html"}}}
	newest := time.Unix(0, 0)
	for _, e := range all {
		if e.Modified.After(newest) {
			newest = e.Modified
		}
		a := atomEntry{Lang: e.Language, ID: e.ID, Title: e.Title, Updated: e.Modified.UTC().Format(time.RFC3339), Pub: e.Published.UTC().Format(time.RFC3339), Content: e.Text,
			Links: []atomLink{{Rel: "alternate", Href: e.URL}}}
		for _, x := range e.Attachments {
			a.Links = append(a.Links, atomLink{Rel: "enclosure", Href: x.URL, Type: x.Type, Length: x.Bytes})
		}
		for _, tag := range e.Tags {
			a.Category = append(a.Category, atomCategory{tag})
		}
		f.Entries = append(f.Entries, a)
	}
	f.Updated = newest.UTC().Format(time.RFC3339)
	return document(f)
}

// rss is the feed by RSS 2.0, which allows one recording an item.
func (s *Site) rss(t said.Told, all []entry, _ string) ([]byte, error) {
	type enclosure struct {
		URL    string `xml:"url,attr"`
		Length int64  `xml:"length,attr"`
		Type   string `xml:"type,attr"`
	}
	type guid struct {
		Permalink bool   `xml:"isPermaLink,attr"`
		ID        string `xml:",chardata"`
	}
	type item struct {
		Title       string     `xml:"title"`
		Link        string     `xml:"link"`
		Description string     `xml:"description"`
		GUID        guid       `xml:"guid"`
		Pub         string     `xml:"pubDate"`
		Category    []string   `xml:"category"`
		Enclosure   *enclosure `xml:"enclosure"`
	}
	type rss struct {
		XMLName     xml.Name `xml:"rss"`
		Version     string   `xml:"version,attr"`
		Title       string   `xml:"channel>title"`
		Link        string   `xml:"channel>link"`
		Description string   `xml:"channel>description"`
		Language    string   `xml:"channel>language"`
		Items       []item   `xml:"channel>item"`
	}
	f := rss{Version: "2.0", Title: t.Name, Link: s.o.URL + "/p/" + t.Place, Description: s.o.Name, Language: "vi"}
	for _, e := range all {
		// A description is HTML: what people wrote is escaped in it, and once more as XML.
		text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br>").Replace(e.Text)
		i := item{Title: e.Title, Link: e.URL, Description: text, GUID: guid{false, e.ID}, Pub: e.Published.In(look.Zone).Format(time.RFC1123Z), Category: e.Tags}
		if len(e.Attachments) > 0 {
			x := e.Attachments[0]
			i.Enclosure = &enclosure{x.URL, x.Bytes, x.Type}
		}
		f.Items = append(f.Items, i)
	}
	return document(f)
}

func document(v any) ([]byte, error) {
	body, err := xml.MarshalIndent(v, "", " ")
	return append([]byte(xml.Header), body...), err
}

// stripped is how many items a strip has room for.
const stripped = 3

// strip is a page for a frame in somebody else's.
func (s *Site) strip(w http.ResponseWriter, r *http.Request) {
	by := s.o.Frames
	if len(by) == 0 {
		by = []string{"*"}
	}
	look.Frames(w.Header(), by...)
	w.Header().Del("Cross-Origin-Opener-Policy")
	s.giveTold(w, r, "strip", html, func(t *told) ([]byte, error) {
		few := t.Told
		few.Items = slices.DeleteFunc(slices.Clone(few.Items), func(i said.Item) bool { return i.Withdrawn })
		few.Items = few.Items[:min(len(few.Items), stripped)]
		return s.bare("strip", s.view(r, few))
	})
}
