package opsgenie

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

// tag marks the plugin's alerts, so that one list holds them all.
const tag = "accede"

// draft is an alert to be.
type draft struct {
	place                                 place
	alias, message, description, priority string
	actions                               []string
}

// body is what both services take alike.
func (d draft) body() map[string]any {
	body := map[string]any{
		"message": d.message, "alias": d.alias, "description": d.description, "priority": d.priority, "tags": []string{tag},
	}
	if len(d.actions) > 0 {
		body["actions"] = d.actions
	}
	return body
}

// alert is an alert as the plugin reads it back.
type alert struct {
	ID          string    `json:"id"`
	Alias       string    `json:"alias"`
	Message     string    `json:"message"`
	Description string    `json:"description"`
	Status      string    `json:"status"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   string    `json:"updatedAt"`
}

const statusClosed = "closed"

// receipt is what a service answers to a change: mostly only a promise.
type receipt struct {
	RequestID string `json:"requestId"`
	// NoteID is there when a note was added at once.
	NoteID string `json:"id"`
}

// create makes an alert and returns its id. While one with the same alias is open there will be no second one: then it is
// that one's id.
func (a *api) create(ctx context.Context, d draft) (string, error) {
	c := call{op: "creating alert", effect: creates, method: http.MethodPost, path: "/alerts", body: a.speaks.createBody(d)}
	done, err := a.change(ctx, c)
	if err != nil {
		return "", err
	}
	if !alertID.MatchString(done.AlertID) {
		return "", a.unreadable(c, errors.New("the answer names no alert"))
	}
	return done.AlertID, nil
}

// rename sets an alert's message, which is its title.
func (a *api) rename(ctx context.Context, id, message string) error {
	_, err := a.change(ctx, call{
		op: "changing message", effect: repeatable, method: a.speaks.renaming(), path: "/alerts/" + id + "/message",
		body: map[string]any{"message": message},
	})
	return err
}

// annotate adds a note. Repeating it adds another one.
func (a *api) annotate(ctx context.Context, id, text string) error {
	_, err := a.change(ctx, call{
		op: "adding note", effect: creates, method: http.MethodPost, path: "/alerts/" + id + "/notes", body: a.speaks.noteBody(text),
	})
	return err
}

// closeAlert closes an alert. One that is closed already makes this fail.
func (a *api) closeAlert(ctx context.Context, id string) error {
	c := call{op: "closing alert", effect: repeatable, method: http.MethodPost, path: "/alerts/" + id + "/close"}
	if body := a.speaks.closeBody(); body != nil {
		c.body = body
	}
	_, err := a.change(ctx, c)
	return err
}

// change sends a change and waits until the service says what became of it.
func (a *api) change(ctx context.Context, c call) (outcome, error) {
	got, err := fetch[receipt](ctx, a, c)
	switch {
	case err != nil:
		return outcome{}, err
	case got.RequestID == "" && got.NoteID != "":
		return outcome{Success: true}, nil
	case !alertID.MatchString(got.RequestID):
		return outcome{}, a.unreadable(c, errors.New("the answer names no request"))
	}
	return a.follow(ctx, c, got.RequestID)
}

// alert reads an alert by its id.
func (a *api) alert(ctx context.Context, id string) (alert, error) {
	c := reading("reading alert", "/alerts/"+id, nil)
	got, err := fetch[alert](ctx, a, c)
	if err == nil && got.ID == "" {
		err = a.unreadable(c, errors.New("the answer names no alert"))
	}
	return got, err
}

// withAlias finds the alert with an alias: the open one, or else the oldest. Capital letters count.
func (a *api) withAlias(ctx context.Context, alias string) (alert, bool, error) {
	path, query := a.speaks.byAlias(alias)
	got, err := fetch[alert](ctx, a, reading("looking up alert", path, query))
	if err == nil && got.Alias == alias && alertID.MatchString(got.ID) {
		return got, true, nil
	}
	if err != nil && !notFound(err) {
		return alert{}, false, err
	}
	var found []alert
	search := url.Values{"query": {fmt.Sprintf("alias: %q", alias)}, "sort": {"createdAt"}, "order": {"asc"}}
	err = pages(ctx, a, reading("looking up alert", "/alerts", search), offset, func(list []alert) {
		for _, one := range list {
			if one.Alias == alias && alertID.MatchString(one.ID) {
				found = append(found, one)
			}
		}
	})
	if err != nil || len(found) == 0 {
		return alert{}, false, err
	}
	return slices.MinFunc(found, func(x, y alert) int { return x.CreatedAt.Compare(y.CreatedAt) }), true, nil
}

// openOnes lists the plugin's open alerts: when each was last changed, by its id.
func (a *api) openOnes(ctx context.Context) (map[string]string, error) {
	changed := map[string]string{}
	search := url.Values{"query": {"status: open AND tag: " + tag}, "sort": {"createdAt"}, "order": {"asc"}}
	err := pages(ctx, a, reading("listing alerts", "/alerts", search), offset, func(list []alert) {
		for _, one := range list {
			changed[one.ID] = one.UpdatedAt
		}
	})
	return changed, err
}

// remark is a note of an alert.
type remark struct {
	Text string `json:"note"`
}

func (a *api) notes(ctx context.Context, id string) (texts []string, err error) {
	err = pages(ctx, a, reading("reading notes", "/alerts/"+id+"/notes", nil), a.speaks.cursorName(), func(list []remark) {
		for _, one := range list {
			texts = append(texts, one.Text)
		}
	})
	return texts, err
}

// marker is a word inside a note by which it is found again.
func marker(key string) string { return "[accede:" + key + "]" }

func (a *api) hasNote(ctx context.Context, id, mark string) (bool, error) {
	notes, err := a.notes(ctx, id)
	return slices.ContainsFunc(notes, func(text string) bool { return strings.Contains(text, mark) }), err
}

// gone says of an alert that is not found that it no longer exists: there was one.
func gone(err error) error {
	if !notFound(err) {
		return err
	}
	return &plugins.Error{Op: "updating alert", Kind: plugins.Gone, Err: err, Public: "The alert no longer exists."}
}
