package httpapi

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const eventsPerLook = 100

type watchInput struct {
	ByID
	LastSeen int64 `header:"Last-Event-ID" minimum:"0" doc:"The version last seen; only newer ones are sent."`
}

type eventsInput struct {
	Request  string `query:"request" format:"uuid" doc:"Only events of this request."`
	After    string `query:"after" format:"uuid" doc:"The id of the event last seen; without it, only what happens from now on."`
	LastSeen string `header:"Last-Event-ID" format:"uuid" doc:"As after; wins over it."`
}

func (a *api) streamRoutes() {
	watch := operation{
		method: http.MethodGet, path: "/v1/requests/{id}/watch", name: "watch-request", tag: "Requests",
		summary: "Follow a request",
		detail: "Server-sent events of type `request`: first the request as it is, then each newer version; versions that " +
			"follow fast may be left out, the newest never is. The event's id is the version. The stream stays open until you leave.",
	}
	handleStream(a, watch, reflect.TypeFor[v1.Request](), a.watchRequest)
	events := operation{
		method: http.MethodGet, path: "/v1/events", name: "follow-events", tag: "Requests",
		summary: "Follow everything that you may see",
		detail: "Server-sent events whose type is the CloudEvents type and whose data is the event, in the order of commits. " +
			"Resume with the id of the last one.",
	}
	handleStream(a, events, reflect.TypeFor[v1.Event](), a.followEvents)
}

// handleStream adds a route that answers with server-sent events; each one's data is of the given type.
func handleStream[I any](a *api, o operation, data reflect.Type, do func(context.Context, core.Actor, *I) (*huma.StreamResponse, error)) {
	described := o.huma()
	described.Security = []map[string][]string{{"token": {}}}
	described.Responses = map[string]*huma.Response{"200": {
		Description: "A stream of server-sent events. The data of each is a JSON document of this schema; an event of " +
			"type `problem` says why the stream ends.",
		Content: map[string]*huma.MediaType{"text/event-stream": {
			Schema: a.huma.OpenAPI().Components.Schemas.Schema(data, true, ""),
		}},
	}}
	huma.Register(a.huma, described, func(ctx context.Context, input *I) (*huma.StreamResponse, error) {
		response, err := do(ctx, callOf(ctx).actor, input)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return response, nil
	})
}

func (a *api) watchRequest(ctx context.Context, actor core.Actor, input *watchInput) (*huma.StreamResponse, error) {
	if _, err := a.service.Request(ctx, actor, input.ID); err != nil {
		return nil, err
	}
	seen := input.LastSeen
	return a.streamed(ctx, func(ctx context.Context, actor core.Actor, s *stream) error {
		request, err := a.service.Request(ctx, actor, input.ID)
		if err != nil || request.Version <= seen {
			return err
		}
		seen = request.Version
		return s.send(strconv.FormatInt(seen, 10), "request", request)
	})
}

func (a *api) followEvents(ctx context.Context, actor core.Actor, input *eventsInput) (*huma.StreamResponse, error) {
	if input.Request != "" {
		if _, err := a.service.Request(ctx, actor, input.Request); err != nil {
			return nil, err
		}
	}
	seen := input.LastSeen
	if seen == "" {
		seen = input.After
	}
	if seen == "" {
		seen = idJustBefore(time.Now())
	}
	return a.streamed(ctx, func(ctx context.Context, actor core.Actor, s *stream) error {
		return a.sendEvents(ctx, actor, s, input.Request, &seen)
	})
}

// sendEvents sends page after page, so that at most one is in memory, and moves seen along.
func (a *api) sendEvents(ctx context.Context, actor core.Actor, s *stream, request string, seen *string) error {
	for {
		events, last, err := a.service.Events(ctx, actor, *seen, request, eventsPerLook)
		if err != nil {
			return fmt.Errorf("reading events: %w", err)
		}
		for _, event := range events {
			if err := s.send(event.ID, event.Type, event); err != nil {
				return err
			}
		}
		if last == "" {
			return nil
		}
		*seen = last
	}
}

// idJustBefore returns an id below every event's that is made from now on. It allows for a transaction that has its id
// but not its commit yet.
func idJustBefore(now time.Time) string {
	const inFlight = time.Second
	var id uuid.UUID
	var millis [8]byte
	binary.BigEndian.PutUint64(millis[:], uint64(now.Add(-inFlight).UnixMilli()))
	copy(id[:6], millis[2:])
	id[6], id[8] = 0x70, 0x80 // version 7 and the RFC 9562 variant
	return id.String()
}
