package channel

import (
	"cmp"
	"path/filepath"
	"slices"
	"time"

	"loa/agent/plan"
)

// Posted are the posts that an authority's folder remembers, the oldest first. It may be
// asked while a Poster runs.
func Posted(dir string) ([]Line, error) {
	m, err := recall(filepath.Join(dir, Folder, posts))
	if err != nil {
		return nil, err
	}
	lines := []Line{}
	for _, l := range m.Lines {
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Post.ID(), b.Post.ID()))
	})
	return lines, nil
}

// TestPost is what a person sends to see whether a channel works.
func TestPost(c Channel, to string, now time.Time) Post {
	return Post{
		Channel: c.Name, To: to, What: Said, Class: plan.Normal, Key: "test", Version: now.UTC().Format(time.RFC3339), Place: c.Places[0],
		Title: "thử kênh, không phải tin", Text: "Đây là tin thử của hệ thống truyền thanh.", Until: now,
	}
}

// PostOf is an item as a post on a channel.
func PostOf(c Channel, i Item) Post {
	return Post{Channel: c.Name, What: Said, Class: i.Class, Key: i.Key, Version: i.Version, Place: i.Place, Title: i.Title, Text: i.Text, Until: i.Until}
}

// Carries reports whether a channel says an item at all.
func (c Channel) Carries(i Item, covers func(place, top string) bool) bool {
	return slices.Contains(c.Classes, i.Class) && slices.Contains(c.Langs, i.Lang) &&
		slices.ContainsFunc(c.Places, func(p string) bool { return covers(i.Place, p) || covers(p, i.Place) })
}

// Numbers is how many people a channel tells of an item.
func (c Channel) Numbers(i Item, covers func(place, top string) bool) (n int) {
	for _, r := range c.to {
		if r.of(i, covers) {
			n++
		}
	}
	return n
}

func (r recipient) of(i Item, covers func(place, top string) bool) bool {
	return r.place == "" || covers(i.Place, r.place) || covers(r.place, i.Place)
}

// Text is what whoever reads the channel reads; short messages are put together.
func (c Channel) Text(p Post, place string) (text string, messages int, coding string, err error) {
	if !c.SMS() {
		return whole(p, place, 4096), 0, "", nil
	}
	m, err := c.Messages(p, place)
	for _, part := range m.Parts {
		text += part
	}
	return text, len(m.Parts), string(m.Coding), err
}
