package httpapi

import (
	"context"
	"net/http"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// ofPerson narrows a list to one person.
type ofPerson struct {
	Person string `query:"person" maxLength:"256" doc:"Whose; me or nothing is yourself, others are for administrators."`
}

func (a *api) tokenRoutes() {
	handle(a, operation{
		method: http.MethodGet, path: "/v1/tokens", name: "list-tokens", tag: "Tokens",
		summary: "List API tokens, without their secrets",
	}, func(ctx context.Context, actor core.Actor, input *ofPerson) (*body[listOf[v1.Token]], error) {
		return listed(a.service.Tokens(ctx, actor, orSelf(actor, input.Person)))
	})
	handle(a, operation{
		method: http.MethodPost, path: "/v1/tokens", name: "create-token", tag: "Tokens", status: http.StatusCreated,
		summary: "Make an API token", detail: "Its secret is in this answer and nowhere else.",
	}, func(ctx context.Context, actor core.Actor, input *struct{ Body v1.TokenInput }) (*body[v1.SecretToken], error) {
		return single(a.service.CreateToken(ctx, actor, input.Body))
	})
	handle(a, operation{
		method: http.MethodDelete, path: "/v1/tokens/{id}", name: "revoke-token", tag: "Tokens", status: http.StatusNoContent,
		summary: "Revoke an API token",
	}, func(ctx context.Context, actor core.Actor, input *ByID) (*none, error) {
		return nil, a.service.RevokeToken(ctx, actor, input.ID)
	})
}

func orSelf(actor core.Actor, name string) string {
	if name == "" {
		return actor.Person.Name
	}
	return orMe(actor, name)
}
