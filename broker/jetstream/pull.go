package jetstream

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// pullExpiry is how long the broker keeps a request for a message. It answers each request exactly once, with a
	// message or with a status, because an account boundary lets just one answer through. A request cannot be taken back
	// without losing a message on its way until the ack wait is over, so the end of a subscriber takes this long.
	pullExpiry = time.Second
	// pullGrace is how much later than pullExpiry a request without an answer counts as lost.
	pullGrace = 2 * time.Second

	minPullPause = 20 * time.Millisecond
	maxPullPause = time.Second
)

// Statuses that the broker answers instead of a message.
const (
	statusNone      = "404"
	statusExpired   = "408"
	statusNobody    = "503"
	statusHeader    = "Status"
	descriptionHead = "Description"
)

// puller asks for one message at a time.
type puller struct {
	consumption *consumption
	inbox       string
	messages    chan *nats.Msg
	sub         *nats.Subscription
	request     []byte

	// serial tells the current request's status from those of earlier ones; waiting is whether it is unanswered.
	serial  int
	waiting bool
	session *session
	pause   time.Duration
}

func newPuller(consumption *consumption) (*puller, error) {
	request, err := json.Marshal(struct {
		Expires time.Duration `json:"expires"`
		Batch   int           `json:"batch"`
	}{pullExpiry, 1})
	if err != nil {
		return nil, fmt.Errorf("encoding request: %w", err)
	}
	client := consumption.conn.client
	p := &puller{
		consumption: consumption, inbox: client.NewInbox(), request: request,
		// More than one message comes only when a request counted as lost is answered after all.
		messages: make(chan *nats.Msg, 16),
	}
	p.sub, err = client.ChanSubscribe(p.inbox+".*", p.messages)
	if err != nil {
		return nil, fmt.Errorf("subscribing to answers: %w", err)
	}
	return p, nil
}

// wait returns the next message, or nil when there is a reason to look again: an expired request, a lost connection, a
// missing consumer, or the end of ctx.
func (p *puller) wait(ctx context.Context) *nats.Msg {
	session := p.consumption.conn.currentSession()
	if p.session != session {
		p.session, p.waiting = session, false
	}
	select {
	case <-session.online:
	case <-session.ctx.Done():
		return nil
	case <-ctx.Done():
		return nil
	}
	if !p.waiting && !p.ask() {
		p.rest(ctx)
		return nil
	}
	return p.receive(ctx, session)
}

func (p *puller) ask() bool {
	p.serial++
	reply := p.inbox + "." + strconv.Itoa(p.serial)
	if err := p.consumption.conn.client.PublishRequest(p.consumption.next, reply, p.request); err != nil {
		p.consumption.conn.logger.Debug("message could not be asked for", "err", err)
		return false
	}
	p.waiting = true
	return true
}

func (p *puller) receive(ctx context.Context, session *session) *nats.Msg {
	lost := time.NewTimer(pullExpiry + pullGrace)
	defer lost.Stop()
	select {
	case <-ctx.Done():
	case <-session.ctx.Done():
	case <-lost.C:
		p.waiting = false
	case msg := <-p.messages:
		return p.sort(ctx, msg)
	}
	return nil
}

// sort returns msg if it is a message, and acts on it if it is a status.
func (p *puller) sort(ctx context.Context, msg *nats.Msg) *nats.Msg {
	status := msg.Header.Get(statusHeader)
	if status == "" || len(msg.Data) > 0 {
		p.waiting, p.pause = false, 0
		p.consumption.noteFound()
		return msg
	}
	if !p.isCurrent(msg) {
		return nil
	}
	p.waiting = false
	switch status {
	case statusExpired, statusNone:
		p.pause = 0
		p.consumption.noteFound()
	case statusNobody:
		p.consumption.noteMissing("the broker knows no such consumer yet")
		p.rest(ctx)
	default:
		p.consumption.noteMissing(status + " " + msg.Header.Get(descriptionHead))
		p.rest(ctx)
	}
	return nil
}

// rest waits a little, longer each time in a row.
func (p *puller) rest(ctx context.Context) {
	p.pause = min(max(2*p.pause, minPullPause), maxPullPause)
	timer := time.NewTimer(p.pause/2 + rand.N(p.pause/2)) //nolint:gosec // spreads load, guards nothing
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// release waits for the answer to the last request, gives back a message that comes with it, and ends the subscription.
func (p *puller) release() {
	lost := time.NewTimer(pullExpiry + pullGrace)
	defer lost.Stop()
	for p.waiting {
		select {
		case msg := <-p.messages:
			p.giveBack(msg)
		case <-p.session.ctx.Done():
			p.waiting = false
		case <-lost.C:
			p.waiting = false
		}
	}
	p.consumption.conn.unsubscribe(p.sub)
}

func (p *puller) giveBack(msg *nats.Msg) {
	_, err := decode(msg)
	if err == nil {
		p.consumption.send(msg, nakAfter(0))
	}
	if err == nil || p.isCurrent(msg) {
		p.waiting = false
	}
}

// isCurrent says whether a status is about the latest request.
func (p *puller) isCurrent(status *nats.Msg) bool {
	return strings.HasSuffix(status.Subject, "."+strconv.Itoa(p.serial))
}
