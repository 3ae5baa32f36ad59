package mattermost

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins"
)

// A probe is a button that the bot posts in a direct message to itself and presses, so that the server makes the very
// call that a person's click would make.
const (
	probeLife     = 2 * time.Minute
	probeText     = "Accede checks whether Mattermost can report clicks. This message goes away by itself."
	probeReached  = "Accede was reached"
	probeDoubted  = "Accede was reached, but: "
	probeAudience = "check of the callback"
	// cleanUpBudget is for deleting the probe, also when the check was interrupted.
	cleanUpBudget = 5 * time.Second
	// anyFingerprint fills the place of one in a seal that names no request.
	anyFingerprint = "0000000000000000"
)

var errElse = errors.New("something else than Accede took the call")

// probe presses a button of its own. The error says why the call did not get through, or what was wrong with it.
func (b *bot) probe(ctx context.Context) error {
	own, err := b.people.self(ctx)
	if err != nil {
		return err
	}
	channel, err := b.api.openDirect(ctx, own.id, own.id)
	if err != nil {
		return err
	}
	m, err := b.probeMessage()
	if err != nil {
		return err
	}
	post, err := b.api.createPost(ctx, channel, m)
	if err != nil {
		return err
	}
	defer b.cleanUp(ctx, post)
	if err := b.api.press(ctx, post, actionProbe); err != nil {
		return err
	}
	after, err := b.api.post(ctx, post)
	if err != nil {
		return err
	}
	return heard(after.probe)
}

func (b *bot) probeMessage() (message, error) {
	sealed, err := b.seal.Seal(plugins.Action{
		RequestID: uuid.NewString(), Fingerprint: anyFingerprint, Expires: b.now().Add(probeLife),
	}, probeAudience)
	if err != nil {
		return message{}, err
	}
	return message{text: probeText, props: props{Attachments: []*model.SlackAttachment{{
		Actions: []*model.PostAction{{
			Id: actionProbe, Type: model.PostActionTypeButton, Name: "Check",
			Integration: &model.PostActionIntegration{URL: b.artist.action, Context: map[string]any{contextProbe: sealed}},
		}},
	}}}}, nil
}

func (b *bot) cleanUp(ctx context.Context, post string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpBudget)
	defer cancel()
	if err := b.api.deletePost(ctx, post); err != nil {
		b.log.Info("the check's own message could not be deleted", "err", failure("deleting message", repeatable, err))
	}
}

// isProbe says whether a press is of a probe of this installation.
func (b *bot) isProbe(p press) bool {
	sealed := p.text(contextProbe)
	if sealed == "" {
		return false
	}
	_, err := b.seal.Open(sealed, probeAudience, b.now())
	return err == nil
}

// reached answers a probe: the post then tells what became of the call. Its message stays, in case it may not be edited.
func reached(doubt error) actionAnswer {
	text := probeReached
	if doubt != nil {
		text = probeDoubted + doubt.Error()
	}
	return actionAnswer{Update: &updated{Message: probeText, Props: props{FromBot: "true", Probe: text}}, Verbatim: true}
}

// doubtError is what the plugin that took the probe found wrong with it.
type doubtError string

// Error returns the sentence.
func (e doubtError) Error() string { return string(e) }

func heard(text string) error {
	doubt, doubted := strings.CutPrefix(text, probeDoubted)
	switch {
	case doubted:
		return doubtError(doubt)
	case text == probeReached:
		return nil
	default:
		return errElse
	}
}
