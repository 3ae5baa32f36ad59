package httpapi

import (
	"context"
	"net/http"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func (a *api) explainRoutes() {
	handle(a, operation{
		method: http.MethodGet, path: "/v1/requests/{id}/explanation", name: "explain-request", tag: "Requests",
		summary: "Say how a request stands, why, and who may review it",
	}, func(ctx context.Context, actor core.Actor, input *struct {
		ByID
		For string `query:"for" maxLength:"256" doc:"Say whether this person may review it, and why or why not; me is yourself."`
	},
	) (*body[v1.Explanation], error) {
		return single(a.service.Explain(ctx, actor, input.ID, orMe(actor, input.For)))
	})
	handle(a, operation{
		method: http.MethodGet, path: "/v1/capabilities", name: "show-capabilities", tag: "Requests",
		summary: "Say what you may ask for and what it takes",
	}, func(ctx context.Context, actor core.Actor, _ *none) (*body[v1.Capabilities], error) {
		return single(a.service.Capabilities(ctx, actor))
	})
	handle(a, operation{
		method: http.MethodGet, path: "/v1/policy/approvers", name: "list-approvers", tag: "Roles",
		summary: "Say who could approve a request for roles, and what it would take",
		detail:  "Nothing is asked for. Only administrators may ask on behalf of others.",
	}, func(ctx context.Context, actor core.Actor, input *struct {
		Roles []string `query:"roles" required:"true" minItems:"1" maxItems:"50" doc:"The roles that would be asked for, separated by commas."`
		For   string   `query:"for" maxLength:"256" default:"me" doc:"Who would ask; me is yourself."`
	},
	) (*body[v1.Explanation], error) {
		return single(a.service.WhoCanApprove(ctx, actor, input.Roles, orMe(actor, input.For)))
	})
}
