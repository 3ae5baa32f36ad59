package servicenow

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// userFresh is how long an answer about an account is believed: one that was just locked gets through no longer.
	userFresh = time.Minute
	maxUsers  = 2000
	userTable = "sys_user"
)

// user is what ServiceNow knows of an account.
type user struct {
	id, login, name, email string
	active, machine        bool
}

func userFields() []string {
	return []string{
		"sys_id", "user_name", "name", "email", "active", "web_service_access_only", "internal_integration_user",
	}
}

func newUser(r row) user {
	return user{
		id: r.id(), login: r.get("user_name"), name: oneLine(r.get("name"), maxName), email: r.get("email"),
		active:  r.get("active") == "true",
		machine: r.get("web_service_access_only") == "true" || r.get("internal_integration_user") == "true",
	}
}

// people knows who is who at the instance.
type people struct {
	api *api
	now func() time.Time

	mu    sync.Mutex
	known map[string]knownUser
}

// knownUser is an account, or that there is none, as of some time.
type knownUser struct {
	user
	found bool
	asked time.Time
}

func newPeople(client *api, now func() time.Time) *people {
	return &people{api: client, now: now, known: map[string]knownUser{}}
}

func (p *people) remembered(key string) (knownUser, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.known[key]
	return known, ok && p.now().Sub(known.asked) < userFresh
}

func (p *people) remember(key string, u user, found bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxUsers {
		clear(p.known)
	}
	p.known[key] = knownUser{user: u, found: found, asked: p.now()}
}

// byIDs returns the accounts that there are of those ids.
func (p *people) byIDs(ctx context.Context, ids []string) (map[string]user, error) {
	users := map[string]user{}
	var missing []string
	for _, id := range ids {
		if known, ok := p.remembered(id); ok {
			users[id] = known.user
		} else if sysID.MatchString(id) {
			missing = append(missing, id)
		}
	}
	for _, some := range chunks(missing) {
		rows, _, err := p.api.ask(ctx, question{
			op: "looking up users", table: userTable, clauses: []string{in("sys_id", some)}, fields: userFields(),
		})
		if err != nil {
			return nil, err
		}
		p.keep(rows, some, users)
	}
	return users, nil
}

func (p *people) keep(rows []row, asked []string, users map[string]user) {
	wanted := map[string]bool{}
	for _, id := range asked {
		wanted[id] = true
	}
	for _, r := range rows {
		if u := newUser(r); wanted[u.id] {
			users[u.id] = u
			p.remember(u.id, u, true)
		}
	}
}

// byEmail returns the one active account with that address; found is false if there is none or more than one.
func (p *people) byEmail(ctx context.Context, email string) (user, bool, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if !address.MatchString(email) {
		return user{}, false, nil
	}
	return p.only(ctx, "email", email, func(u user) string { return u.email })
}

// byLogin returns the one active account with that user name.
func (p *people) byLogin(ctx context.Context, login string) (user, bool, error) {
	login = strings.ToLower(strings.TrimSpace(login))
	if !harmless.MatchString(login) {
		return user{}, false, nil
	}
	return p.only(ctx, "user_name", login, func(u user) string { return u.login })
}

func (p *people) only(ctx context.Context, field, value string, of func(user) string) (user, bool, error) {
	key := field + "=" + value
	if known, ok := p.remembered(key); ok {
		return known.user, known.found, nil
	}
	rows, _, err := p.api.ask(ctx, question{
		op: "looking up user", table: userTable, clauses: []string{is(field, value), "active=true"}, fields: userFields(), limit: 5,
	})
	if err != nil {
		return user{}, false, err
	}
	var fitting []user
	for _, r := range rows {
		if u := newUser(r); u.id != "" && u.active && strings.EqualFold(strings.TrimSpace(of(u)), value) {
			fitting = append(fitting, u)
		}
	}
	if len(fitting) != 1 {
		p.remember(key, user{}, false)
		return user{}, false, nil
	}
	p.remember(key, fitting[0], true)
	return fitting[0], true, nil
}

// groups are looked up by name or id, exactly.
func (b *bot) group(ctx context.Context, nameOrID string) (id, name string, found bool, err error) {
	field := "name"
	if sysID.MatchString(nameOrID) {
		field = "sys_id"
	}
	if !harmless.MatchString(nameOrID) {
		return "", "", false, nil
	}
	rows, _, err := b.api.ask(ctx, question{
		op: "looking up group", table: "sys_user_group", clauses: []string{is(field, nameOrID), "active=true"},
		fields: []string{"sys_id", "name", "active"}, limit: 5,
	})
	if err != nil {
		return "", "", false, err
	}
	var fitting []row
	for _, r := range rows {
		if r.id() != "" && strings.EqualFold(r.get(field), nameOrID) && r.get("active") != "false" {
			fitting = append(fitting, r)
		}
	}
	if len(fitting) != 1 {
		return "", "", false, several(len(fitting), nameOrID)
	}
	return fitting[0].id(), oneLine(fitting[0].get("name"), maxName), true, nil
}

func several(count int, name string) error {
	if count == 0 {
		return nil
	}
	return &plugins.Error{
		Op: "looking up group", Kind: plugins.NotFound,
		Public: "ServiceNow has several active groups called " + oneLine(name, maxName) + "; give the sys_id of the right one.",
	}
}
