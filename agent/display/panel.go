// Package display keeps a panel showing the page it should show.
package display

import (
	"context"
	"image"
	"time"
)

// A Panel shows pictures: a LED board, a wall or an LCD.
//
//  1. Size is fixed, known from the start, and at least 1×1.
//  2. Show returns nil once the panel has the whole picture: acknowledged, where
//     the device acknowledges. From then on it is shown until the next one.
//  3. The picture's bounds are (0,0)-Size; another size is an error, and nothing
//     changes. A panel of one colour lights a pixel of which red, green or blue is
//     brighter than half; one of red and green lights each by its own.
//  4. Show neither changes the picture nor keeps it.
//  5. When the context ends Show returns soon, within a second. The panel then
//     shows the old picture, the new one or parts of both; the next Show mends it.
//  6. An error means that nobody knows what the panel shows. The same Show may be
//     tried again on the same panel: a device that was away and is back shows it. A
//     line or connection that is lost may stay lost: the panel is closed after some
//     failures, and opened again.
//
// All methods of a panel, the optional ones too, are called by one goroutine at a
// time. One that holds something open is also an io.Closer: Close leaves on the
// panel what it shows, does not wait for the device, and may be called twice.
type Panel interface {
	Size() image.Point
	Show(ctx context.Context, picture image.Image) error
}

// A Dimmer can be made brighter and darker. Percent is from 0, the darkest that
// still shows something where the device can, to 100.
type Dimmer interface {
	SetBrightness(percent int) error
}

// A Prober asks the device how it is: this costs a few hundred bytes on its line.
// An error says that it does not answer, and what was heard on the line. The facts
// are for people, beside these that display reads:
//
//	model               as its maker calls it
//	width, height       in pixels, as the device is set up
//	on                  true or false
//	brightness_percent  0 to 100
//	lost                true when the device has forgotten what Show gave it, as
//	                    after a power cut
//	strangers           how many pages of others the device keeps, which it shows when
//	                    nothing else comes
//	sender              why the box between a screen and its wall does not answer
//	signal              false when that box gets no picture
//	wall                "answers", or why the wall behind that box does not
//	temperature_c       of the wall's own cards
//	test_pattern        "off", or the picture that the wall makes instead of ours
//	open_door           a way past the agent that is open, such as the card's Wi-Fi
type Prober interface {
	Probe(ctx context.Context) (facts map[string]string, err error)
}

// A Scroller moves a strip by itself: at 9600 baud a frame would take half a
// second. The strip is as high as the panel and may be longer than it; it comes in
// at the right, leaves at the left, and begins again, until the next Show. An error
// that is errors.ErrUnsupported says that it is more than the device can hold, or its
// line can bring within some 25 seconds.
type Scroller interface {
	Scroll(ctx context.Context, strip image.Image, pxPerSecond int) error
}

// A Roller moves a column upwards by itself, as a Scroller does a strip to the left.
// The column is as wide as the panel.
type Roller interface {
	Roll(ctx context.Context, column image.Image, pxPerSecond int) error
}

// A Holder shows a picture that the device itself blanks when nothing new has come
// for that long: words that must not outlive the agent.
type Holder interface {
	ShowFor(ctx context.Context, picture image.Image, d time.Duration) error
}

// A Steady panel keeps what it shows in flash, which wears out: it is given one
// picture or strip for all that is to be seen, and no clocks.
type Steady interface {
	Steady() bool
}

// A Sparing panel has an end to how often it is written in a day, and keeps some of that
// for emergencies. Urgent says whether what Show and Scroll bring from now on is one.
type Sparing interface {
	Urgent(on bool)
}

// A Keeper writes pages into the device's flash, which it shows by itself after a
// power cut and when nothing else comes. Flash wears out: what is there already is not
// written again for a week or longer, and there is an end to how often it is in a day. The screen may be
// dark meanwhile. When the context ends Keep returns within a second, and the next
// Show shows.
type Keeper interface {
	Keep(ctx context.Context, slot int, page image.Image) error
}
