package httpapi

import (
	"context"
	"net/http"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func (a *api) roleRoutes() {
	handle(a, operation{
		method: http.MethodGet, path: "/v1/roles", name: "list-roles", tag: "Roles",
		summary: "List roles",
	}, func(ctx context.Context, actor core.Actor, _ *none) (*body[listOf[v1.Role]], error) {
		return listed(a.service.Roles(ctx, actor))
	})
	handle(a, operation{
		method: http.MethodGet, path: "/v1/roles/{name}", name: "get-role", tag: "Roles",
		summary: "Show a role",
	}, func(ctx context.Context, actor core.Actor, input *ByName) (*body[v1.Role], error) {
		return single(a.service.Role(ctx, actor, input.Name))
	})
	handle(a, operation{
		method: http.MethodDelete, path: "/v1/roles/{name}", name: "delete-role", tag: "Roles", status: http.StatusNoContent,
		summary: "Delete a role",
	}, func(ctx context.Context, actor core.Actor, input *ByName) (*none, error) {
		return nil, a.service.DeleteRole(ctx, actor, input.Name)
	})
	handle(a, operation{
		method: http.MethodPost, path: "/v1/apply", name: "apply", tag: "Roles",
		summary: "Create or change roles and people from YAML documents",
		detail:  "All documents are applied or none is. With `dry_run` nothing is changed and the answer says what would be.",
	}, func(ctx context.Context, actor core.Actor, input *struct{ Body v1.ApplyInput }) (*body[v1.ApplyResult], error) {
		result, err := a.service.Apply(ctx, actor, input.Body)
		if result.Applied == nil {
			result.Applied = []v1.Applied{}
		}
		return single(result, err)
	})
}
