package pagerdutysim

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// scheduleView is a schedule as the page draws it.
type scheduleView struct {
	ID, Name, Zone, Kind string
	Level                int
	Now                  []SeenShift
	Coming               []string
	Forced               bool
}

func (s *Sim) scheduleViews() []scheduleView {
	now, out := s.OnCallNow(), []scheduleView{}
	for _, sc := range s.cfg.Schedules {
		shown := scheduleView{ID: sc.ID, Name: sc.Name, Zone: sc.TimeZone, Kind: "layers", Level: s.levelOf(sc.ID)}
		if sc.ShiftBased {
			shown.Kind = "shift-based"
		}
		for _, shift := range now {
			if shift.Schedule == sc.ID {
				shown.Now = append(shown.Now, shift)
				shown.Forced = shown.Forced || shift.Forced
			}
		}
		shown.Coming = s.coming(sc)
		out = append(out, shown)
	}
	return out
}

// coming lists the next turns of the calendar.
func (s *Sim) coming(sc Schedule) []string {
	const shown = 4
	var out []string
	zone, err := time.LoadLocation(sc.TimeZone)
	if err != nil {
		return nil
	}
	now := s.now()
	turns := sc.rendered(now)
	slices.SortStableFunc(turns, func(a, b span) int { return a.from.Compare(b.from) })
	for _, p := range turns {
		if p.until.Before(now) || len(out) == shown {
			continue
		}
		by, _ := s.user(p.user)
		out = append(out, p.from.In(zone).Format("Mon 2 Jan 15:04")+" – "+p.until.In(zone).Format("Mon 2 Jan 15:04")+": "+by.FullName)
	}
	return out
}

func (s *Sim) pageOnCall(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if r.PostFormValue("clear") != "" {
		s.ClearOnCall(r.PostFormValue("schedule"))
		leadBack(w, r, "")
		return
	}
	level, err := strconv.Atoi(r.PostFormValue("level"))
	if err == nil {
		err = s.PutOnCall(OnCallAsk{Schedule: r.PostFormValue("schedule"), Person: r.PostFormValue("person"), Level: level})
	}
	if err != nil {
		leadBack(w, r, "This did not work: "+err.Error()+".")
		return
	}
	leadBack(w, r, "")
}
