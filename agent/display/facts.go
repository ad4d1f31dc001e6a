package display

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"
)

// tooHot is what the receiving cards of a wall bear at most, in degrees Celsius: their
// makers give 60 to 70 for the air around them, and they measure themselves.
const tooHot = 75

// judge says what a panel's facts come to: of every condition that facts can raise why
// it holds, nil where it does not; and why nobody sees what the panel was given. Facts
// that a panel does not tell raise nothing. brightPercent is what it was given; -1:
// nothing.
func judge(facts map[string]string, size image.Point, brightPercent int) (conditions map[string]error, unseen error) {
	conditions = map[string]error{
		PanelDoor:    said(facts["open_door"]),
		PanelSender:  said(facts["sender"]),
		PanelDiffers: differs(facts, size, brightPercent),
	}
	if facts["sender"] != "" { // nobody tells of what is behind it: what held, holds
		return conditions, nil
	}
	conditions[PanelSignal], conditions[PanelWall], conditions[PanelHot] = nil, nil, nil
	if facts["signal"] == "false" {
		unseen = errors.New("no picture comes in at the sending box")
		conditions[PanelSignal] = unseen
	}
	if wall := facts["wall"]; wall != "" && wall != "answers" {
		unseen = errors.New(wall)
		conditions[PanelWall] = unseen
	}
	if celsius, err := strconv.ParseFloat(facts["temperature_c"], 64); err == nil && celsius >= tooHot {
		conditions[PanelHot] = fmt.Errorf("its receiving card has %g °C, and bears %d", celsius, tooHot)
	}
	if unseen == nil && facts["on"] == "false" {
		unseen = errors.New("it is switched off")
	}
	if unseen == nil && ownPicture(facts) {
		unseen = fmt.Errorf("it shows its own test picture, %s", facts["test_pattern"])
	}
	return conditions, unseen
}

// said is an error of that text, nil of none.
func said(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// ownPicture reports a wall that makes a picture of its own.
func ownPicture(facts map[string]string) bool {
	p := facts["test_pattern"]
	return p != "" && p != "off"
}

// differs says in what the panel is not as it should be.
func differs(facts map[string]string, size image.Point, brightPercent int) error {
	var all []error
	for name, want := range map[string]int{"width": size.X, "height": size.Y, "brightness_percent": brightPercent} {
		got, told := facts[name]
		if !told || name == "brightness_percent" && brightPercent < 0 {
			continue
		}
		if name == "brightness_percent" && farOff(got, want) || name != "brightness_percent" && got != strconv.Itoa(want) {
			all = append(all, fmt.Errorf("%s is %s instead of %d", name, got, want))
		}
	}
	if facts["on"] == "false" && (facts["wall"] == "" || facts["wall"] == "answers") { // else it has a condition of its own
		all = append(all, errors.New("it is switched off"))
	}
	if ownPicture(facts) {
		all = append(all, fmt.Errorf("it shows its own test picture, %s", facts["test_pattern"]))
	}
	if n := facts["strangers"]; n != "" && n != "0" {
		all = append(all, fmt.Errorf("it keeps %s pages of others, and shows them when this box is away", n))
	}
	slices.SortFunc(all, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(all...)
}

// farOff tells a brightness from another than the one that was set: cards have as few
// as 16 levels.
func farOff(says string, percent int) bool {
	n, err := strconv.Atoi(says)
	return says != "" && (err != nil || abs(n-percent) > 10)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
