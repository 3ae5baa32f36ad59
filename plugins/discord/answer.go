package discord

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins/wording"
)

// answerLife is how long an interaction's token can be used, a minute kept in hand:
// https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages.
const answerLife = 14 * time.Minute

// Answer tells the person who clicked what became of it: where they clicked while Discord allows that, else in a direct
// message.
func (b *bot) Answer(ctx context.Context, d v1.Decision, result v1.DecisionResult) error {
	at, m := spotOf(d), answer(result)
	if at.token != "" && b.now().Sub(d.Made) < answerLife {
		b.acks.wait(ctx, at.interaction)
		err := b.api.whisper(ctx, d.Identity.Tenant, at.token, m)
		if err == nil {
			return nil
		}
		b.log.Debug("answering in a direct message", "err", failure("answering click", creates, err))
	}
	channel, err := b.people.direct(ctx, d.Identity.User)
	if err != nil {
		return failure("opening direct message", repeatable, err)
	}
	_, err = b.api.post(ctx, channel, markOf("answer to "+d.ID+" "+string(result.Code)), m)
	return failure("answering click", creates, err)
}

// linkCode is the form of one-time codes; anything else is shown as plain text.
var linkCode = regexp.MustCompile(`^[A-Za-z0-9-]{4,64}$`)

// maxSentence bounds a sentence of the core's.
const maxSentence = 1200

// answer draws the core's sentence and, for an unknown account, how its owner connects it.
func answer(result v1.DecisionResult) message {
	if result.LinkCode == "" {
		return said(sentence(result.Message))
	}
	command, asks := "accede link discord "+result.LinkCode, result.Message
	proper := linkCode.MatchString(result.LinkCode)
	if !strings.Contains(asks, command) {
		asks += " To connect your account, run this where you are signed in to Accede:"
		if !proper {
			asks += " " + command
		}
	}
	text := sentence(asks)
	if proper {
		text += "\n```\n" + command + "\n```" // easier to copy
	}
	return said(text + "\nWhoever runs it can decide in Discord as this account from then on. Run it only if you yourself " +
		"clicked just now, never because somebody sent it to you. Afterwards click again.")
}

// sentence makes what the core says fit to be shown: it may hold people's words.
func sentence(text string) string {
	return ruler.Fit(escape(strings.TrimSpace(wording.Visible(text)), "\n"), maxSentence)
}

// acks knows which clicks are being answered: Discord takes no further message about a click before the first answer.
type acks struct {
	mu   sync.Mutex
	open map[string]chan struct{}
}

func newAcks() *acks { return &acks{open: map[string]chan struct{}{}} }

// begin notes that a click is being answered, until the returned function is called.
func (a *acks) begin(interaction string) (end func()) {
	done := make(chan struct{})
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.open[interaction]; known {
		return func() {} // the same click twice at a time; the first answer counts
	}
	a.open[interaction] = done
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.open, interaction)
		close(done)
	}
}

// wait returns when the click is answered, at once if this replica is not at it.
func (a *acks) wait(ctx context.Context, interaction string) {
	a.mu.Lock()
	done := a.open[interaction]
	a.mu.Unlock()
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

const (
	// seenLife is longer than a signed callback can be replayed, and than an interaction lives.
	seenLife = 20 * time.Minute
	maxSeen  = 20_000
)

// seen knows the interactions that were answered, so that a repeat does nothing at all. It is only the first guard: the
// decision's id is the same for each repeat, on every replica.
type seen struct {
	now func() time.Time

	mu      sync.Mutex
	answers map[string]time.Time
}

func newSeen(now func() time.Time) *seen { return &seen{now: now, answers: map[string]time.Time{}} }

func (s *seen) done(interaction string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, known := s.answers[interaction]
	return known && s.now().Sub(at) < seenLife
}

func (s *seen) add(interaction string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) >= maxSeen {
		for id, at := range s.answers {
			if s.now().Sub(at) >= seenLife {
				delete(s.answers, id)
			}
		}
	}
	if len(s.answers) < maxSeen {
		s.answers[interaction] = s.now()
	}
}
