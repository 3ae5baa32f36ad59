package pagerdutysim

import (
	"slices"
	"time"
)

// span is somebody's time on a schedule.
type span struct {
	user        string
	from, until time.Time
}

func (p span) covers(t time.Time) bool { return !p.from.After(t) && t.Before(p.until) }

func (p span) overlaps(from, until time.Time) bool {
	return !p.from.After(until) && from.Before(p.until)
}

// horizon is how far a schedule is rendered around a moment.
const horizon = 40

// turns lists the times of a layer around t. Turns and days begin at the same local time all year round, so that one that
// crosses a change of the clocks is an hour longer or shorter.
func (l Layer) turns(t time.Time, zone *time.Location) []span {
	start, err := time.ParseInLocation(time.DateOnly+" 15:04", l.Start+" "+l.from(), zone)
	if err != nil || len(l.Users) == 0 {
		return nil
	}
	days := max(l.Days, 1)
	today := int(t.Sub(start).Hours() / 24)
	var out []span
	for day := max(0, today-horizon); day <= today+horizon; day++ {
		user := l.Users[day/days%len(l.Users)]
		from := start.AddDate(0, 0, day)
		until := start.AddDate(0, 0, day+1)
		if l.Hours > 0 {
			until = time.Date(from.Year(), from.Month(), from.Day(), from.Hour()+l.Hours, from.Minute(), 0, 0, zone)
		}
		out = append(out, span{user, from, until})
	}
	return merged(out)
}

// merged joins times of the same person that follow one another without a gap.
func merged(spans []span) []span {
	var out []span
	for _, p := range spans {
		if n := len(out); n > 0 && out[n-1].user == p.user && !p.from.After(out[n-1].until) {
			out[n-1].until = p.until
			continue
		}
		out = append(out, p)
	}
	return out
}

// rendered lists who is on the schedule around t, every layer and override taken into account.
func (sc Schedule) rendered(t time.Time) []span {
	zone, err := time.LoadLocation(sc.TimeZone)
	if err != nil {
		return nil
	}
	layers := make([][]span, 0, len(sc.Layers)+1)
	for _, l := range sc.Layers {
		layers = append(layers, l.turns(t, zone))
	}
	var overrides []span
	for _, o := range sc.Overrides {
		overrides = append(overrides, span{o.User, o.From.In(zone), o.Until.In(zone)})
	}
	if !sc.ShiftBased {
		return flattened(append(layers, overrides))
	}
	together := slices.Concat(layers...)
	return append(slices.DeleteFunc(together, func(p span) bool {
		return slices.ContainsFunc(overrides, func(o span) bool { return o.covers(t) && p.covers(t) })
	}), overrides...)
}

// flattened lets later layers replace earlier ones wherever both have somebody.
func flattened(layers [][]span) []span {
	var edges []time.Time
	for _, p := range slices.Concat(layers...) {
		edges = append(edges, p.from, p.until)
	}
	slices.SortFunc(edges, time.Time.Compare)
	edges = slices.CompactFunc(edges, time.Time.Equal)
	var out []span
	for i := range len(edges) - 1 {
		if p, ok := uppermost(layers, edges[i]); ok {
			out = append(out, span{p.user, edges[i], edges[i+1]})
		}
	}
	return merged(out)
}

func uppermost(layers [][]span, t time.Time) (span, bool) {
	for _, layer := range slices.Backward(layers) {
		for _, p := range layer {
			if p.covers(t) {
				return p, true
			}
		}
	}
	return span{}, false
}
