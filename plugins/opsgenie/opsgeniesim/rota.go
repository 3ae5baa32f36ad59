package opsgeniesim

import (
	"slices"
	"time"
)

// span is somebody's turn in a rotation.
type span struct {
	who         string
	from, until time.Time
	override    bool
}

func (p span) covers(t time.Time) bool { return !p.from.After(t) && t.Before(p.until) }

// horizon is how many days a schedule is rendered before and after a moment.
const horizon = 40

// turns lists the turns of a rotation around t. Turns and days begin at the same local time all year round, so that one that
// crosses a change of the clocks is an hour longer or shorter.
func (r Rotation) turns(t time.Time, zone *time.Location) []span {
	start, err := time.ParseInLocation(time.DateOnly+" 15:04", r.Start+" "+r.from(), zone)
	if err != nil || len(r.Who) == 0 {
		return nil
	}
	days := max(r.Days, 1)
	today := int(t.Sub(start).Hours() / 24)
	var out []span
	for day := max(0, today-horizon); day <= today+horizon; day++ {
		who := r.Who[day/days%len(r.Who)]
		from := start.AddDate(0, 0, day)
		until := start.AddDate(0, 0, day+1)
		if r.Hours > 0 {
			until = time.Date(from.Year(), from.Month(), from.Day(), from.Hour()+r.Hours, from.Minute(), 0, 0, zone)
		}
		if who != "" {
			out = append(out, span{who: who, from: from, until: until})
		}
	}
	return merged(out)
}

// merged joins turns of the same person that follow one another without a gap.
func merged(spans []span) []span {
	var out []span
	for _, p := range spans {
		if n := len(out); n > 0 && out[n-1].who == p.who && out[n-1].override == p.override && !p.from.After(out[n-1].until) {
			out[n-1].until = p.until
			continue
		}
		out = append(out, p)
	}
	return out
}

// rendered lists the turns of each rotation around t, with overrides in place of whom they replace.
func (sc Schedule) rendered(t time.Time) [][]span {
	zone, err := time.LoadLocation(sc.TimeZone)
	if err != nil {
		return nil
	}
	var overrides []span
	for _, o := range sc.Overrides {
		overrides = append(overrides, span{who: o.Who, from: o.From.In(zone), until: o.Until.In(zone), override: true})
	}
	var out [][]span
	for n, r := range sc.Rotations {
		turns := r.turns(t, zone)
		for _, o := range overrides {
			turns = without(turns, o)
		}
		if n == 0 {
			turns = append(turns, overrides...)
		}
		slices.SortStableFunc(turns, func(a, b span) int { return a.from.Compare(b.from) })
		out = append(out, turns)
	}
	return out
}

// without takes the time of one span out of others.
func without(spans []span, hole span) []span {
	var out []span
	for _, p := range spans {
		if !p.from.Before(hole.until) || !hole.from.Before(p.until) {
			out = append(out, p)
			continue
		}
		if p.from.Before(hole.from) {
			out = append(out, span{who: p.who, from: p.from, until: hole.from})
		}
		if hole.until.Before(p.until) {
			out = append(out, span{who: p.who, from: hole.until, until: p.until})
		}
	}
	return out
}
