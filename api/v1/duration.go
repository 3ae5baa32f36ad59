package v1

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a span of time that reads and writes as a Go duration string such as "4h30m" in JSON and YAML.
type Duration time.Duration

// Std returns d as a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns d in the shortest Go notation: "4h" rather than "4h0m0s".
func (d Duration) String() string {
	text := time.Duration(d).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if n := len(text) - len(zero); n > 0 && text[n:] == zero {
			text = text[:n+1]
		}
	}
	return text
}

// maxHours is the most hours a duration can hold.
const maxHours = uint64(math.MaxInt64 / int64(time.Hour))

// ParseDuration reads a Go duration string, in which whole days and weeks of 24 hours may come first: 90m, 8h0m0s, 4d,
// 1w12h.
func ParseDuration(text string) (Duration, error) {
	var hours uint64
	rest := text
	for _, unit := range []struct {
		letter string
		hours  uint64
	}{{"w", 7 * 24}, {"d", 24}} {
		number, after, found := strings.Cut(rest, unit.letter)
		if !found {
			continue
		}
		count, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return 0, notADuration(text)
		}
		hours += count * unit.hours
		rest = after
	}
	if rest == "" && hours > 0 {
		rest = "0"
	}
	d, err := time.ParseDuration(rest)
	if err != nil || hours > maxHours || hours > 0 && (d < 0 || d > math.MaxInt64-time.Duration(hours)*time.Hour) {
		return 0, notADuration(text)
	}
	return Duration(time.Duration(hours)*time.Hour + d), nil
}

func notADuration(text string) error {
	return fmt.Errorf("%q is not a duration; write it like 30m, 8h or 3d", text)
}

// MarshalText writes d as [Duration.String] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [ParseDuration] reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// MarshalYAML writes d as [Duration.String] does.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

// UnmarshalYAML reads what [ParseDuration] reads. Its shape keeps strict decoding strict.
func (d *Duration) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	return d.UnmarshalText([]byte(text))
}
