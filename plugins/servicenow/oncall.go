package servicenow

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

const whoIsOnCallPath = "/api/now/on_call_rota/whoisoncall"

// schedule is what an annotation names: a rota by its sys_id, or a group or roster by its kind and sys_id.
type schedule struct {
	id string
	// parameter asks whoisoncall about it; table is where its name is.
	parameter, table string
}

func parseSchedule(text string) (schedule, bool) {
	kind, id, kinded := strings.Cut(strings.TrimSpace(text), ":")
	if !kinded {
		kind, id = "rota", kind
	}
	tables := map[string]string{"rota": "cmn_rota", "group": "sys_user_group", "roster": "cmn_rota_roster"}
	table, known := tables[kind]
	return schedule{id: id, parameter: kind + "_ids", table: table}, known && sysID.MatchString(id)
}

// member is an entry of the line-up that whoisoncall answers.
type member struct {
	User  value `json:"userId"`
	Order value `json:"order"`
}

// OnCall asks for the line-up of one schedule. Order 1 is on call, the others are next in line.
func (b *bot) OnCall(ctx context.Context, name string) ([]plugins.Shift, error) {
	s, ok := parseSchedule(name)
	if !ok {
		return nil, &plugins.Error{
			Op: "reading schedule", Kind: plugins.NotFound,
			Public: "A schedule of ServiceNow is named by the sys_id of its rota, or as group:SYS_ID or roster:SYS_ID.",
		}
	}
	shown, active, err := b.scheduleName(ctx, s)
	if err != nil || !active {
		return nil, err
	}
	members, err := b.lineUp(ctx, s)
	if err != nil {
		return nil, err
	}
	return b.shifts(ctx, s, shown, members)
}

// scheduleName is what people call a schedule. One that is switched off has no shifts.
func (b *bot) scheduleName(ctx context.Context, s schedule) (name string, active bool, err error) {
	r, found, err := b.api.get(ctx, "looking up schedule", s.table, s.id, "name", "active")
	if err != nil {
		return "", false, err
	}
	if !found {
		return "", false, &plugins.Error{
			Op: "looking up schedule", Kind: plugins.NotFound,
			Public: "ServiceNow has no schedule " + s.id + " in " + s.table + ", or hides it from the integration user.",
		}
	}
	return oneLine(r.get("name"), maxName), r.get("active") != "false", nil
}

func (b *bot) lineUp(ctx context.Context, s schedule) ([]member, error) {
	var members []member
	_, err := b.api.do(ctx, call{
		op: "asking who is on call", effect: repeatable, method: http.MethodGet, path: whoIsOnCallPath,
		query: []string{s.parameter + "=" + s.id},
	}, &members)
	return members, err
}

// shifts are the entries of a line-up that name an active account.
func (b *bot) shifts(ctx context.Context, s schedule, shown string, members []member) ([]plugins.Shift, error) {
	var ids []string
	for _, m := range members {
		ids = append(ids, string(m.User))
	}
	users, err := b.people.byIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	var shifts []plugins.Shift
	for _, m := range members {
		u, known := users[string(m.User)]
		level, err := strconv.Atoi(string(m.Order))
		if !known || !u.active || err != nil || level < 1 {
			continue
		}
		shifts = append(shifts, plugins.Shift{
			Schedule: s.id, ScheduleName: shown, Level: level, User: u.id, UserName: u.name,
		})
	}
	return shifts, nil
}

// Account returns the sys_id of the one active account with the person's address.
func (b *bot) Account(ctx context.Context, p v1.PersonRef) (string, bool, error) {
	u, found, err := b.people.byEmail(ctx, p.Email)
	return u.id, found && !u.machine, err
}
