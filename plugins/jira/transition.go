package jira

import (
	"context"
	"net/http"

	gojira "github.com/andygrunwald/go-jira"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// settle moves the issue to the status that tells the truth about a request. While it is pending, an issue that nobody
// took for decided stays where people put it.
func (b *bot) settle(ctx context.Context, at issue, state v1.State) error {
	wanted, now := b.config.Statuses.wanted(state), at.Fields.Status.ID
	if now == wanted || !state.Resolved() && !b.config.Statuses.final(now) {
		return nil
	}
	moved, err := b.transition(ctx, at, wanted)
	if err != nil || moved {
		return err
	}
	return b.stuck(ctx, at, state, wanted)
}

// stuck says on the issue, and to the operator, that the workflow does not lead where it should.
func (b *bot) stuck(ctx context.Context, at issue, state v1.State, wanted string) error {
	text := "The request is now: " + voice().StateWord(state) + ". The workflow of this issue has no way from “" +
		oneLine(at.Fields.Status.Name, maxName) + "” to the status for that, so the issue stays where it is."
	if err := b.commentOnce(ctx, at.ID, comment{key: "stuck:" + wanted + ":" + at.Fields.Status.ID, text: document{line(say(text))}}); err != nil {
		return err
	}
	return &plugins.Error{
		Op: "moving issue", Kind: plugins.Invalid,
		Public: "Jira's workflow has no transition from the status “" + oneLine(at.Fields.Status.Name, maxName) + "” (" +
			at.Fields.Status.ID + ") to the status " + wanted + " that the plugin's account may use; add one, or give the account " +
			"the permission Transition Issues. Issue " + at.Key + ".",
	}
}

// transition brings an issue into a status, by way of the status for pending if there is no shorter one. It returns false
// if the workflow does not lead there.
func (b *bot) transition(ctx context.Context, at issue, wanted string) (bool, error) {
	if at.Fields.Status.ID == wanted {
		return true, nil
	}
	moved, err := b.step(ctx, at.ID, wanted)
	pending := b.config.Statuses.Pending
	if err != nil || moved || wanted == pending || at.Fields.Status.ID == pending {
		return moved, err
	}
	if back, err := b.step(ctx, at.ID, pending); err != nil || !back {
		return false, err
	}
	return b.step(ctx, at.ID, wanted)
}

// step takes one transition that leads to the status.
func (b *bot) step(ctx context.Context, id, wanted string) (bool, error) {
	var offered struct {
		Transitions []gojira.Transition `json:"transitions"`
	}
	path := issuePath("2", id) + "/transitions"
	q := question{op: "reading transitions", method: http.MethodGet, path: path + "?expand=transitions.fields"}
	if err := b.api.ask(ctx, q, &offered); err != nil {
		return false, gone(err)
	}
	for _, one := range offered.Transitions {
		if one.To.ID == wanted {
			return true, b.take(ctx, id, wanted, one)
		}
	}
	return false, nil
}

func (b *bot) take(ctx context.Context, id, wanted string, chosen gojira.Transition) error {
	filled := map[string]any{}
	for name := range chosen.Fields {
		if value, ok := b.config.TransitionFields[name]; ok {
			filled[name] = value
		}
	}
	err := b.api.ask(ctx, question{
		op: "moving issue", method: http.MethodPost, path: issuePath("2", id) + "/transitions",
		body: map[string]any{"transition": map[string]string{"id": chosen.ID}, "fields": filled},
	}, nil)
	if err == nil {
		return nil
	}
	// Somebody may have moved it meanwhile, or the answer got lost.
	if now, readErr := b.api.issue(ctx, "reading issue", id, ""); readErr == nil && now.Fields.Status.ID == wanted {
		return nil
	}
	return err
}
