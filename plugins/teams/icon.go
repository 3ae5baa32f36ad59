package teams

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

// Sizes of the icons in pixels: https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/apps-package#app-icons.
const (
	colorIconSize   = 192
	outlineIconSize = 32
)

// drawIcons draws the app's mark, a tick in a ring: white on the accent colour, and white on nothing.
func drawIcons() (full, outline []byte, err error) {
	accent, white := color.NRGBA{R: 0x1f, G: 0x6f, B: 0x5c, A: 0xff}, color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	if full, err = encodeIcon(drawMark(colorIconSize, 0.60, accent, white)); err != nil {
		return nil, nil, err
	}
	outline, err = encodeIcon(drawMark(outlineIconSize, 0.92, color.NRGBA{R: 0xff, G: 0xff, B: 0xff}, white))
	return full, outline, err
}

func encodeIcon(icon image.Image) ([]byte, error) {
	var out bytes.Buffer
	if err := png.Encode(&out, icon); err != nil {
		return nil, fmt.Errorf("encoding icon: %w", err)
	}
	return out.Bytes(), nil
}

// drawMark draws the mark across a share of a square.
func drawMark(size int, share float64, ground, ink color.NRGBA) image.Image {
	icon := image.NewNRGBA(image.Rect(0, 0, size, size))
	unit := float64(size) * share / 2
	for y := range size {
		for x := range size {
			at := point{(float64(x) + 0.5 - float64(size)/2) / unit, (float64(y) + 0.5 - float64(size)/2) / unit}
			icon.SetNRGBA(x, y, blend(ground, ink, coverage(at.mark()*unit)))
		}
	}
	return icon
}

type point struct{ x, y float64 }

// mark is how far outside the mark's lines the point is; below zero inside. The ring has radius 0.9.
func (p point) mark() float64 {
	const thick = 0.085
	ring := math.Abs(math.Hypot(p.x, p.y)-0.9) - thick
	short := p.segment(point{-0.42, 0.04}, point{-0.12, 0.36}) - thick*1.25
	long := p.segment(point{-0.12, 0.36}, point{0.44, -0.32}) - thick*1.25
	return min(ring, short, long)
}

// segment is the distance to the line from a to b.
func (p point) segment(a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	along := ((p.x-a.x)*dx + (p.y-a.y)*dy) / (dx*dx + dy*dy)
	along = min(max(along, 0), 1)
	return math.Hypot(p.x-a.x-along*dx, p.y-a.y-along*dy)
}

// coverage turns a distance in pixels into how much of the pixel is covered.
func coverage(distance float64) float64 { return min(max(0.5-distance, 0), 1) }

func blend(ground, ink color.NRGBA, share float64) color.NRGBA {
	mix := func(from, to uint8) uint8 {
		return uint8(math.Round(float64(from) + (float64(to)-float64(from))*share))
	}
	return color.NRGBA{R: mix(ground.R, ink.R), G: mix(ground.G, ink.G), B: mix(ground.B, ink.B), A: mix(ground.A, ink.A)}
}
