package slack

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"

	"github.com/accede/accede/plugins"
)

const (
	// sockets is how many connections are kept, so that a click finds one while the other is renewed. Slack allows ten:
	// https://docs.slack.dev/apis/events-api/using-socket-mode.
	sockets = 2
	// maxFrame bounds what Slack may send at once.
	maxFrame = 1 << 20
	// maxAtOnce bounds the clicks that are worked on at a time.
	maxAtOnce = 64
)

// socketBot takes clicks over connections that it opens to Slack.
type socketBot struct{ *bot }

// Listen keeps the connections open, and open again, until the context ends; it then waits for the clicks at hand. It
// gives up when Slack refuses the app token.
func (b *socketBot) Listen(ctx context.Context, decisions plugins.Decisions) error {
	l := &listening{
		clicks: clicks{bot: b.bot, decisions: decisions, door: ModeSocket},
		slots:  make(chan struct{}, maxAtOnce),
	}
	defer l.work.Wait()
	group, running := errgroup.WithContext(ctx)
	for range sockets {
		group.Go(func() error { return l.connection(running) })
	}
	err := group.Wait()
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end that was asked for
	}
	return failure("listening to slack", repeatable, err)
}

// listening is the work of all connections.
type listening struct {
	clicks clicks
	slots  chan struct{}
	work   sync.WaitGroup
}

var errSocketEnded = errors.New("slack's client library ended the connection")

func (l *listening) connection(ctx context.Context) error {
	client := socketmode.New(l.clicks.api.client, socketmode.OptionReadLimit(maxFrame), socketmode.OptionLog(silent{}))
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	for {
		select {
		case event := <-client.Events:
			l.on(ctx, client, event)
		case err := <-ended:
			if err == nil {
				err = errSocketEnded
			}
			return err
		}
	}
}

func (l *listening) on(ctx context.Context, client *socketmode.Client, event socketmode.Event) {
	switch event.Type {
	case socketmode.EventTypeConnected:
		l.clicks.log.Info("socket connected")
	case socketmode.EventTypeConnectionError:
		l.clicks.log.Warn("socket not connected", "err", connectionError(event))
	case socketmode.EventTypeErrorBadMessage:
		l.onUnread(ctx, client, event)
	default:
		if event.Request != nil {
			l.take(ctx, client, *event.Request)
		}
	}
}

// onUnread takes envelopes that the client library could not parse but we can: it reads far more of a payload than we
// need, and Slack changes payloads without notice.
func (l *listening) onUnread(ctx context.Context, client *socketmode.Client, event socketmode.Event) {
	bad, ok := event.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return
	}
	var request socketmode.Request
	if json.Unmarshal(bad.Message, &request) != nil {
		l.clicks.log.Warn("frame could not be read", "err", bad.Cause)
		return
	}
	l.take(ctx, client, request)
}

// take works on one envelope beside the others and acknowledges it. Envelopes of other types are acknowledged, so that
// Slack does not send them again.
func (l *listening) take(ctx context.Context, client *socketmode.Client, request socketmode.Request) {
	if request.EnvelopeID == "" {
		return
	}
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return
	}
	l.work.Go(func() {
		defer func() { <-l.slots }()
		l.answer(ctx, client, request)
	})
}

func (l *listening) answer(ctx context.Context, client *socketmode.Client, request socketmode.Request) {
	var payload any
	if request.Type == socketmode.RequestTypeInteractive {
		// A click at hand is finished even if the plugin is told to stop; handle bounds its time.
		if answer := l.clicks.handle(context.WithoutCancel(ctx), request.Payload); answer != nil {
			payload = answer
		}
	}
	if err := client.AckCtx(ctx, request.EnvelopeID, payload); err != nil && ctx.Err() == nil {
		l.clicks.log.Warn("envelope was not acknowledged", "err", err)
	}
}

func connectionError(event socketmode.Event) error {
	if failed, ok := event.Data.(*slackgo.ConnectionErrorEvent); ok {
		return withoutURL(failed.ErrorObj)
	}
	return errors.New("the client library gives no reason")
}
