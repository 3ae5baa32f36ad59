package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// ByID names one record in the path. It is exported because huma overlooks what is not.
type ByID struct {
	ID string `path:"id" format:"uuid" doc:"The id of the record."`
}

func (a *api) requestRoutes() {
	handle(a, operation{
		method: http.MethodPost, path: "/v1/requests", name: "create-request", tag: "Requests", status: http.StatusCreated,
		summary: "Ask for access",
		detail: "An identical request of the same person that is still pending is returned with 200 instead. " +
			"With `dry_run` nothing is made: the answer is 200 with the request as it would be.",
	}, a.createRequest)
	responses := a.huma.OpenAPI().Paths["/v1/requests"].Post.Responses
	responses["200"] = &huma.Response{Description: "The same request was pending already, or this was a dry run", Content: responses["201"].Content}
	handle(a, operation{
		method: http.MethodGet, path: "/v1/requests", name: "list-requests", tag: "Requests",
		summary: "List requests that you may see, newest first",
	}, a.listRequests)
	handle(a, operation{
		method: http.MethodGet, path: "/v1/requests/{id}", name: "get-request", tag: "Requests",
		summary: "Show a request",
	}, func(ctx context.Context, actor core.Actor, input *ByID) (*body[v1.Request], error) {
		return single(a.service.Request(ctx, actor, input.ID))
	})
	a.decisionRoutes()
}

func (a *api) decisionRoutes() {
	handle(a, operation{
		method: http.MethodPost, path: "/v1/requests/{id}/reviews", name: "review-request", tag: "Requests",
		summary: "Approve or deny a request",
		detail: "Send `seen_version` and `seen_fingerprint` of the request as you saw it: " +
			"if it has changed since, the review is refused with `request_changed`.",
	}, func(ctx context.Context, actor core.Actor, input *struct {
		ByID
		Body v1.ReviewInput
	},
	) (*body[v1.Request], error) {
		return single(a.service.Review(ctx, actor, input.ID, input.Body))
	})
	handle(a, operation{
		method: http.MethodPost, path: "/v1/requests/{id}/withdrawal", name: "withdraw-request", tag: "Requests",
		summary: "Take your own pending request back",
	}, func(ctx context.Context, actor core.Actor, input *struct {
		ByID
		Body v1.WithdrawInput
	},
	) (*body[v1.Request], error) {
		return single(a.service.Withdraw(ctx, actor, input.ID, input.Body))
	})
	handle(a, operation{
		method: http.MethodPost, path: "/v1/requests/{id}/use", name: "use-request", tag: "Requests",
		summary: "Begin your own access that runs from its first use",
		detail:  "For access that was granted under `access_clock: first_use`; any other runs by itself.",
	}, func(ctx context.Context, actor core.Actor, input *ByID) (*body[v1.Request], error) {
		return single(a.service.Use(ctx, actor, input.ID))
	})
	handle(a, operation{
		method: http.MethodPost, path: "/v1/requests/{id}/override", name: "override-request", tag: "Requests",
		summary: "Decide past thresholds and review rules",
		detail:  "For administrators. Needs a reason and is marked as an override wherever the request is shown.",
	}, func(ctx context.Context, actor core.Actor, input *struct {
		ByID
		Body v1.OverrideInput
	},
	) (*body[v1.Request], error) {
		return single(a.service.Override(ctx, actor, input.ID, input.Body))
	})
}

type createdRequest struct {
	Status int
	Body   v1.Request
}

func (a *api) createRequest(ctx context.Context, actor core.Actor, input *struct{ Body v1.RequestInput }) (*createdRequest, error) {
	request, created, err := a.service.Create(ctx, actor, input.Body)
	if err != nil {
		return nil, err
	}
	if created {
		return &createdRequest{http.StatusCreated, request}, nil
	}
	return &createdRequest{http.StatusOK, request}, nil
}

type requestsInput struct {
	State     []string  `query:"state" enum:"PENDING,APPROVED,DENIED,EXPIRED,WITHDRAWN,PROMOTED" doc:"Only these states, separated by commas."`
	Requester string    `query:"requester" maxLength:"256" doc:"Only requests of this person; me is yourself."`
	Reviewer  string    `query:"reviewer" maxLength:"256" doc:"Only requests this person reviewed or was suggested for; me is yourself."`
	Role      string    `query:"role" maxLength:"256" doc:"Only requests that ask for this role."`
	Since     time.Time `query:"since" doc:"Only requests made at this time or later."`
	Until     time.Time `query:"until" doc:"Only requests made before this time."`
	Text      string    `query:"text" maxLength:"256" doc:"Only requests with this text in a reason, a role or a person's name or e-mail address, whatever the case."`
	Cursor    string    `query:"cursor" format:"uuid" doc:"The next member of the page before."`
	Limit     int       `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The size of a page."`
}

func (a *api) listRequests(ctx context.Context, actor core.Actor, input *requestsInput) (*body[v1.RequestPage], error) {
	filter := core.RequestFilter{
		Requester: orMe(actor, input.Requester), Reviewer: orMe(actor, input.Reviewer), Role: input.Role,
		Since: input.Since, Until: input.Until, Text: input.Text,
		Before: input.Cursor, Limit: input.Limit,
	}
	for _, state := range input.State {
		filter.States = append(filter.States, v1.State(state))
	}
	page, err := a.service.Requests(ctx, actor, filter)
	if page.Requests == nil {
		page.Requests = []v1.Request{}
	}
	return single(page, err)
}

func orMe(actor core.Actor, name string) string {
	if name == "me" {
		return actor.Person.Name
	}
	return name
}
