package standin

import "sync/atomic"

// Dice is a seeded source of chance that many goroutines may use at once. The same seed gives the same sequence of
// rolls; which goroutine gets which roll depends on the order in which they ask.
type Dice struct{ state atomic.Uint64 }

// NewDice starts a sequence at seed.
func NewDice(seed uint64) *Dice {
	d := &Dice{}
	d.state.Store(seed)
	return d
}

// Uint64 is the next roll: one step of the SplitMix64 generator.
func (d *Dice) Uint64() uint64 {
	z := d.state.Add(0x9e3779b97f4a7c15)
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// Float is a roll in [0, 1).
func (d *Dice) Float() float64 { return float64(d.Uint64()>>11) / (1 << 53) }

// Intn is a roll in [0, n); n below 2 gives 0.
func (d *Dice) Intn(n int) int {
	if n < 2 {
		return 0
	}
	return int(d.Float() * float64(n))
}

// Hit says whether something of that chance happens. Certain and impossible things do not consume a roll.
func (d *Dice) Hit(c Chance) bool {
	switch {
	case c <= 0:
		return false
	case c >= 1:
		return true
	default:
		return d.Float() < float64(c)
	}
}
