package httpapi

import (
	"context"
	"net/http"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// LinkInput links a vendor account to a person.
type LinkInput struct {
	v1.Identity
	Person string `json:"person"`
}

type identityInput struct {
	Plugin string `path:"plugin" maxLength:"64"`
	Tenant string `path:"tenant" maxLength:"256"`
	User   string `path:"user" maxLength:"256"`
}

func (a *api) linkRoutes() {
	handle(a, operation{
		method: http.MethodGet, path: "/v1/links", name: "list-links", tag: "Links",
		summary: "List vendor accounts that are linked to people",
	}, func(ctx context.Context, actor core.Actor, input *struct {
		Person string `query:"person" maxLength:"256" doc:"Whose; me is yourself; nothing is everybody, for administrators."`
	},
	) (*body[listOf[v1.Link]], error) {
		return listed(a.service.Links(ctx, actor, orMe(actor, input.Person)))
	})
	handle(a, operation{
		method: http.MethodPost, path: "/v1/links/claim", name: "claim-link", tag: "Links",
		summary: "Link the vendor account behind a one-time code to yourself",
		detail:  "Without `confirm` the answer only says which account the code belongs to. Guesses are limited as at the sign-in.",
	}, func(ctx context.Context, actor core.Actor, input *struct{ Body v1.LinkClaim }) (*body[v1.LinkClaimed], error) {
		leave, err := a.signIns.Enter(ctx, "code of "+actor.Person.Name, callOf(ctx).remote)
		if err != nil {
			return nil, err
		}
		defer leave()
		return single(a.service.ClaimLink(ctx, actor, input.Body))
	})
	handle(a, operation{
		method: http.MethodPost, path: "/v1/links", name: "add-link", tag: "Links", status: http.StatusCreated,
		summary: "Link a vendor account to a person", detail: "For administrators.",
	}, func(ctx context.Context, actor core.Actor, input *struct{ Body LinkInput }) (*body[v1.Link], error) {
		return single(a.service.AddLink(ctx, actor, v1.Link{Identity: input.Body.Identity, Person: input.Body.Person}))
	})
	handle(a, operation{
		method: http.MethodDelete, path: "/v1/links/{plugin}/{tenant}/{user}", name: "remove-link", tag: "Links",
		status: http.StatusNoContent, summary: "Remove a link",
	}, func(ctx context.Context, actor core.Actor, input *identityInput) (*none, error) {
		return nil, a.service.RemoveLink(ctx, actor, v1.Identity(*input))
	})
}
