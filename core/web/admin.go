package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

// Administration is what administrators look after. Whoever else asks is refused, and that is written down.
type Administration interface {
	// Administrator refuses everybody but administrators; action is what they tried.
	Administrator(ctx context.Context, actor core.Actor, action string) error

	Plugins(ctx context.Context, actor core.Actor) ([]v1.PluginStatus, error)
	AddPlugin(ctx context.Context, actor core.Actor, input v1.PluginInput) (v1.PluginCredential, error)
	RemovePlugin(ctx context.Context, actor core.Actor, name string) error
	RetryDeliveries(ctx context.Context, actor core.Actor, plugin, id string) (int, error)
	DropDelivery(ctx context.Context, actor core.Actor, plugin, id string) error

	People(ctx context.Context, actor core.Actor) ([]v1.Person, error)
	Person(ctx context.Context, actor core.Actor, name string) (v1.Person, error)
	SavePerson(ctx context.Context, actor core.Actor, name string, input v1.PersonInput) (v1.Person, error)
	AddLink(ctx context.Context, actor core.Actor, link v1.Link) (v1.Link, error)

	Roles(ctx context.Context, actor core.Actor) ([]v1.Role, error)
	Role(ctx context.Context, actor core.Actor, name string) (v1.Role, error)
	Apply(ctx context.Context, actor core.Actor, input v1.ApplyInput) (v1.ApplyResult, error)
	DeleteRole(ctx context.Context, actor core.Actor, name string) error

	Audit(ctx context.Context, actor core.Actor, filter core.AuditFilter) (v1.AuditPage, error)
}

const (
	adminPath   = "/admin"
	pluginsPath = adminPath + "/plugins"
	peoplePath  = adminPath + "/people"
	rolesPath   = adminPath + "/roles"
	auditPath   = adminPath + "/audit"
)

// triedPage is the action under which the audit has it that somebody tried to open a page for administrators.
const triedPage = "admin.page"

func (s *site) adminRoutes() {
	s.admin("GET "+adminPath, func(v *visit) error { return v.redirect(pluginsPath) })
	s.adminPluginRoutes()
	s.adminPeopleRoutes()
	s.adminRoleRoutes()
	s.adminAuditRoutes()
}

// admin adds a page for administrators. The service refuses others, whatever the page goes on to ask of it.
func (s *site) admin(pattern string, show handler) { s.page(pattern, forAdmins(show)) }

func forAdmins(show handler) handler {
	return func(v *visit) error {
		if err := v.Service.Administrator(v.ctx(), v.actor, triedPage); err != nil {
			return err
		}
		return show(v)
	}
}

// adminTabs lead to the pages of the administration.
func adminTabs() []ui.Link {
	return []ui.Link{{Text: "Plugins", Path: pluginsPath}, {Text: "People", Path: peoplePath}, {Text: "Roles", Path: rolesPath}, {Text: "Audit", Path: auditPath}}
}

// within says whether a path is that of a page or of one below it.
func within(path, page string) bool { return path == page || strings.HasPrefix(path, page+"/") }

// told returns what a refusal says to the reader, and the status that goes with it. Other errors are not for a notice.
func told(err error) (status int, notices []ui.Notice, ok bool) {
	refusal, ok := errors.AsType[*core.Error](err)
	if !ok || refusal.Code == v1.CodeInternal || refusal.Code == v1.CodeUnavailable {
		return 0, nil, false
	}
	status, _ = kindOf(refusal.Code)
	return status, []ui.Notice{{Tone: ui.Bad, Text: refusal.Message}}, true
}

// done ends a change that is one button: on the page where it was, with a sentence about what became of it.
func (v *visit) done(path, text string, err error) error {
	if err == nil {
		v.flash(ui.Good, text)
		return v.redirect(path)
	}
	_, notices, ok := told(err)
	if !ok {
		return err
	}
	v.flash(ui.Bad, notices[0].Text)
	return v.redirect(path)
}

// download sends a file to be kept.
func (v *visit) download(name, kind, text string) error {
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	v.w.WriteHeader(http.StatusOK)
	_, err := v.w.Write([]byte(text))
	return rendered(err)
}
