package pages

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

const (
	// pictures are the documentation's; ACCEDE_PICTURES=update takes them anew.
	pictures = "../../docs/images/pages"
	// quality is that of the pictures, and loosely how much of the brightness may differ from them: times, names and fonts do.
	quality = 70
	loosely = 0.2
	// grid is how coarsely pictures are compared.
	grid = 16
)

// picture holds what the page looks like against its picture in the documentation.
func (b *tab) picture(name string) {
	b.t.Helper()
	var taken []byte
	b.do("taking a picture", chromedp.FullScreenshot(&taken, quality))
	path := filepath.Join(pictures, name+".jpg")
	if os.Getenv("ACCEDE_PICTURES") == "update" {
		if err := os.WriteFile(path, taken, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatalf("%v; run the browser tests with ACCEDE_PICTURES=update and look at what they took", err)
	}
	if apart := difference(b.t, kept, taken); apart > loosely {
		b.t.Errorf("%s looks different by %.2f; if that is meant, run the browser tests with ACCEDE_PICTURES=update", path, apart)
	}
}

// difference compares the upper parts of two pictures, coarsely: 0 is the same, 1 black against white.
func difference(t *testing.T, one, other []byte) float64 {
	t.Helper()
	a, b := shades(t, one), shades(t, other)
	sum := 0.0
	for i := range a {
		sum += math.Abs(a[i] - b[i])
	}
	return sum / float64(len(a))
}

// shades is the brightness of each cell of a grid over the picture's upper square.
func shades(t *testing.T, encoded []byte) []float64 {
	t.Helper()
	picture, err := jpeg.Decode(bytes.NewReader(encoded))
	if err != nil {
		t.Fatalf("reading a picture: %v", err)
	}
	size := picture.Bounds()
	cell := max(1, min(size.Dx(), size.Dy())/grid)
	cells := make([]float64, 0, grid*grid)
	for y := range grid {
		for x := range grid {
			cells = append(cells, brightness(picture, image.Rect(x*cell, y*cell, (x+1)*cell, (y+1)*cell)))
		}
	}
	return cells
}

func brightness(picture image.Image, within image.Rectangle) float64 {
	sum, count := 0.0, 0.0
	for y := within.Min.Y; y < within.Max.Y; y += 2 {
		for x := within.Min.X; x < within.Max.X; x += 2 {
			gray, _ := color.GrayModel.Convert(picture.At(x, y)).(color.Gray)
			sum += float64(gray.Y) / math.MaxUint8
			count++
		}
	}
	return sum / max(count, 1)
}
