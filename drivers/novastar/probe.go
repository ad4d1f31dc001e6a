package novastar

import (
	"context"
	"encoding/binary"
	"fmt"
)

// models by the two bytes of their register, as the Companion module lists them.
var models = map[uint16]string{
	0x0100: "MCTRL300",
	0x0101: "MCTRL500",
	0x1101: "MCTRL6xx",
	0x1103: "MCTRL4K",
	0x6106: "VX4S",
	0x620b: "VX16s",
	0x620c: "VX1000",
	0x620e: "VX600",
	0x6211: "VX400",
	0x7504: "NovaPro UHD",
}

// Probe asks the box, and the first receiving card through it. It fails only when the
// box does not answer. Facts beside those of every panel:
//
//	version        of the box
//	signal         true while a picture comes in by HDMI or DVI
//	wall           "answers", or what is wrong with the first receiving card
//	test_pattern   off, or which one is shown in place of the picture
//	temperature_c  of the first receiving card
//	supply_v       of the first receiving card; 5 V or 3.8 V are usual
func (b *Box) Probe(ctx context.Context) (map[string]string, error) {
	id, err := b.read(ctx, target{kind: theBox}, model, 2)
	if err != nil {
		return nil, err
	}
	facts := map[string]string{"model": modelName(binary.LittleEndian.Uint16(id))}
	b.ask(ctx, facts)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("novastar: %s: %w", b.o.Name, err)
	}
	return facts, nil
}

// ask adds what box and wall know. Not every model knows everything.
func (b *Box) ask(ctx context.Context, facts map[string]string) {
	box := target{kind: theBox}
	if v, err := b.read(ctx, box, version, 4); err == nil {
		facts["version"] = fmt.Sprintf("%d.%d.%d.%d", v[0], v[1], v[2], v[3])
	}
	if v, err := b.read(ctx, box, signal, 1); err == nil {
		facts["signal"] = fmt.Sprint(v[0] != 0)
	}
	v, err := b.read(ctx, b.first, brightness, 1)
	facts["on"] = fmt.Sprint(err == nil)
	if err != nil {
		facts["wall"] = err.Error()
		return // nothing else of the wall would answer
	}
	facts["wall"] = "answers"
	facts["brightness_percent"] = fmt.Sprint(percent(v[0]))
	if v, err := b.read(ctx, b.first, testPattern, 1); err == nil {
		facts["test_pattern"] = Pattern(v[0]).String()
	}
	if v, err := b.read(ctx, b.first, monitor, 4); err == nil {
		health(facts, v)
	}
}

func modelName(id uint16) string {
	if name, ok := models[id]; ok {
		return "NovaStar " + name
	}
	return fmt.Sprintf("NovaStar %04x", id)
}

// health reads the first bytes of what a receiving card measures.
func health(facts map[string]string, v []byte) {
	const valid = 0x80
	if v[0]&valid != 0 {
		half := int(v[1])
		if v[0]&1 != 0 { // below zero
			half = -half
		}
		facts["temperature_c"] = fmt.Sprintf("%.1f", float64(half)/2)
	}
	if v[3]&valid != 0 {
		facts["supply_v"] = fmt.Sprintf("%.1f", float64(v[3]&^valid)/10)
	}
}
