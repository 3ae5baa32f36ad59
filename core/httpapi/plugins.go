package httpapi

import (
	"context"
	"net/http"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// RetryInput names what to try again.
type RetryInput struct {
	// Delivery is the id of one parked delivery; empty means all that are parked.
	Delivery string `json:"delivery,omitempty" maxLength:"128"`
}

// Retried says how many deliveries are tried again.
type Retried struct {
	Retried int `json:"retried"`
}

type deliveryPath struct {
	ByName
	ID string `path:"id" maxLength:"128" doc:"The id of the delivery."`
}

func (a *api) pluginRoutes() {
	handle(a, operation{
		method: http.MethodGet, path: "/v1/plugins", name: "list-plugins", tag: "Plugins",
		summary: "Show plugins, their replicas and their parked deliveries",
	}, func(ctx context.Context, actor core.Actor, _ *none) (*body[listOf[v1.PluginStatus]], error) {
		return listed(a.service.Plugins(ctx, actor))
	})
	handle(a, operation{
		method: http.MethodPost, path: "/v1/plugins", name: "add-plugin", tag: "Plugins", status: http.StatusCreated,
		summary: "Register a plugin", detail: "Its credential file is in this answer and nowhere else.",
	}, func(ctx context.Context, actor core.Actor, input *struct{ Body v1.PluginInput }) (*body[v1.PluginCredential], error) {
		return single(a.service.AddPlugin(ctx, actor, input.Body))
	})
	handle(a, operation{
		method: http.MethodDelete, path: "/v1/plugins/{name}", name: "remove-plugin", tag: "Plugins",
		status: http.StatusNoContent, summary: "Remove a plugin; its credential stops working",
	}, func(ctx context.Context, actor core.Actor, input *ByName) (*none, error) {
		return nil, a.service.RemovePlugin(ctx, actor, input.Name)
	})
	a.deliveryRoutes()
}

func (a *api) deliveryRoutes() {
	handle(a, operation{
		method: http.MethodPost, path: "/v1/plugins/{name}/retries", name: "retry-deliveries", tag: "Plugins",
		summary: "Try parked deliveries again",
	}, func(ctx context.Context, actor core.Actor, input *struct {
		ByName
		Body RetryInput
	},
	) (*body[Retried], error) {
		retried, err := a.service.RetryDeliveries(ctx, actor, input.Name, input.Body.Delivery)
		return single(Retried{retried}, err)
	})
	handle(a, operation{
		method: http.MethodDelete, path: "/v1/plugins/{name}/deliveries/{id}", name: "drop-delivery", tag: "Plugins",
		status: http.StatusNoContent, summary: "Give a parked delivery up",
	}, func(ctx context.Context, actor core.Actor, input *deliveryPath) (*none, error) {
		return nil, a.service.DropDelivery(ctx, actor, input.Name, input.ID)
	})
}
