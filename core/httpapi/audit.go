package httpapi

import (
	"context"
	"net/http"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const oldestFirst = "oldest"

type auditInput struct {
	Person  string    `query:"person" maxLength:"256" doc:"Only what this person did or tried; me is yourself."`
	Action  string    `query:"action" maxLength:"64" doc:"Only this action, such as request.review; a * stands for any characters, as in *_refused."`
	Request string    `query:"request" format:"uuid" doc:"Only what is about this request."`
	Since   time.Time `query:"since" doc:"Only entries of this time or later."`
	Until   time.Time `query:"until" doc:"Only entries before this time."`
	Order   string    `query:"order" enum:"newest,oldest" default:"newest" doc:"Which entries come first."`
	Cursor  int64     `query:"cursor" minimum:"0" doc:"The next member of the page before, or the seq of the last entry you have."`
	Limit   int       `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The size of a page."`
}

func (a *api) auditRoutes() {
	handle(a, operation{
		method: http.MethodGet, path: "/v1/audit", name: "list-audit", tag: "Audit",
		summary: "List who did what, and who tried in vain",
		detail:  "For administrators. Entries are never changed or deleted; actions that were refused end in `_refused`.",
	}, func(ctx context.Context, actor core.Actor, input *auditInput) (*body[v1.AuditPage], error) {
		page, err := a.service.Audit(ctx, actor, core.AuditFilter{
			Actor: orMe(actor, input.Person), Action: input.Action, RequestID: input.Request, Since: input.Since, Until: input.Until,
			OldestFirst: input.Order == oldestFirst, Cursor: input.Cursor, Limit: input.Limit,
		})
		if page.Entries == nil {
			page.Entries = []v1.AuditEntry{}
		}
		return single(page, err)
	})
}
