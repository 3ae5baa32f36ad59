package servicenowsim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

// resetLines puts rotas back to how they are configured; an empty id means all. The lock must be held, or nobody else be
// there yet.
func (s *Sim) resetLines(id string) {
	if s.lines == nil {
		s.lines = map[string]map[int]string{}
	}
	for _, r := range s.cfg.Rotas {
		if id != "" && r.ID != id {
			continue
		}
		line := map[int]string{}
		for i, user := range r.Line {
			line[i+1] = user
		}
		s.lines[r.ID] = line
	}
}

// SetOnCall puts somebody on call now, at that level of a rota, in place of who is there. They leave its other levels.
func (s *Sim) SetOnCall(rota, person string, level int) error {
	u, known := s.userNamed(person)
	if !known {
		return standin.RefusedError("there is nobody called " + person)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line, there := s.lines[rota]
	if !there || level < 1 || level > 99 {
		return standin.RefusedError("there is no rota " + rota + " with that level")
	}
	maps.DeleteFunc(line, func(_ int, user string) bool { return user == u.ID })
	line[level] = u.ID
	s.changes.Touch()
	return nil
}

// ResetOnCall goes back to a rota as configured, or to all if rota is empty.
func (s *Sim) ResetOnCall(rota string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetLines(rota)
	s.changes.Touch()
}

// ClearOnCall leaves a rota with nobody on call.
func (s *Sim) ClearOnCall(rota string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.lines[rota])
	s.changes.Touch()
}

// whoIsOnCall answers with the escalation line-up of the rotas asked for: order 1 is on call, the others are next in line.
func (s *Sim) whoIsOnCall(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quirks.NoOnCall {
		return refuse(http.StatusBadRequest, "Invalid table cmn_rota", "")
	}
	if slices.Contains(s.quirks.DenyRead, "whoisoncall") {
		return refuse(http.StatusForbidden, "User Not Authorized", "Failed API level ACL Validation")
	}
	q := r.URL.Query()
	rotas, groups, rosters := q.Get("rota_ids"), q.Get("group_ids"), q.Get("roster_ids")
	if rotas+groups+rosters == "" {
		return refuse(http.StatusBadRequest, "Missing parameter", "One of rota_ids, group_ids or roster_ids is needed")
	}
	result := []map[string]any{}
	for _, rota := range s.cfg.Rotas {
		if asksFor(rotas, rota.ID) || asksFor(groups, rota.Group) || asksFor(rosters, rosterOf(rota)) {
			result = append(result, s.lineUp(rota)...)
		}
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"result": result})
	return nil
}

func asksFor(list, id string) bool {
	return list != "" && slices.Contains(strings.Split(list, ","), id)
}

// rosterOf is the id of a rota's only roster.
func rosterOf(r Rota) string { return "0" + r.ID[1:] }

func (s *Sim) lineUp(rota Rota) []map[string]any {
	out := []map[string]any{}
	if rota.Inactive {
		return out
	}
	line := s.lines[rota.ID]
	for _, order := range slices.Sorted(maps.Keys(line)) {
		out = append(out, map[string]any{
			"memberId": s.memberID(rota.ID, line[order]), "memberIds": "", "userId": line[order], "userIds": "",
			"roster": rosterOf(rota), "rota": rota.ID, "group": rota.Group, "escalationGroups": []string{},
			"deviceId": "", "deviceIds": "", "isDevice": false, "order": order, "isOverride": false, "title": s.db.userName(line[order]),
		})
	}
	return out
}

func (*Sim) memberID(rota, user string) string { return rota[:16] + user[16:] }

// SeenShift is somebody in a line-up, as the page shows it.
type SeenShift struct {
	Rota, RotaName, Person string
	Level                  int
}

// Shifts lists everybody in the line-ups.
func (s *Sim) Shifts() []SeenShift {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []SeenShift
	for _, r := range s.cfg.Rotas {
		for level, user := range s.lines[r.ID] {
			out = append(out, SeenShift{Rota: r.ID, RotaName: r.Name, Person: s.db.userName(user), Level: level})
		}
	}
	slices.SortFunc(out, func(a, b SeenShift) int {
		return cmp.Or(strings.Compare(a.Rota, b.Rota), cmp.Compare(a.Level, b.Level))
	})
	return out
}
