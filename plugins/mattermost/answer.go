package mattermost

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// attention is how long somebody who clicked is taken to still look at the channel. An ephemeral message is lost on
// whoever is not there: https://developers.mattermost.com/api-documentation/#/operations/CreatePostEphemeral.
const attention = 5 * time.Minute

// deniedFor is how long a refused permission is not asked for again.
const deniedFor = 10 * time.Minute

// Answer tells the person who clicked what became of it: in the answer to the click while that is open, in an ephemeral
// message where they clicked if the bot may post those, else in a direct message.
func (b *bot) Answer(ctx context.Context, d v1.Decision, result v1.DecisionResult) error {
	if b.waiting.tell(d.ID, result) {
		return nil
	}
	text := answer(result)
	if b.now().Sub(d.Made) < attention && b.whispered(ctx, d, text) {
		return nil
	}
	channel, err := b.directWith(ctx, d.Identity.User)
	if err != nil {
		return err
	}
	_, err = b.create(ctx, "answering click", channel, "answer-"+d.ID+"-"+string(result.Code), message{text: text})
	return err
}

// whispered tries an ephemeral message.
func (b *bot) whispered(ctx context.Context, d v1.Decision, text string) bool {
	channel := d.Evidence[evidenceChannel]
	if channel == "" || !b.whispers.allowed() {
		return false
	}
	err := b.api.whisper(ctx, d.Identity.User, channel, text)
	if statusOf(err) == http.StatusForbidden {
		b.whispers.deny()
	}
	return err == nil
}

// linkCode is the form of one-time codes; anything else is shown as part of the sentence only.
var linkCode = regexp.MustCompile(`^[A-Za-z0-9-]{4,64}$`)

// answer draws the core's sentence and, for an unknown account, how its owner connects it.
func answer(result v1.DecisionResult) string {
	sentence := strings.TrimSpace(result.Message)
	if sentence == "" {
		sentence = "Accede says nothing more about it."
	}
	if result.LinkCode == "" {
		return literal(ruler.Cut(sentence, maxLineOfOurs))
	}
	command := "accede link " + Name + " " + result.LinkCode
	if !strings.Contains(sentence, command) {
		sentence += " To connect your account, run this where you are signed in to Accede: " + command
	}
	text := literal(ruler.Cut(sentence, maxLineOfOurs))
	if linkCode.MatchString(result.LinkCode) {
		text += "\n```\n" + command + "\n```" // easier to copy
	}
	return text + "\nWhoever runs it can decide in Mattermost as this account from then on. Run it only if you yourself " +
		"clicked just now, never because somebody sent it to you. Afterwards click again."
}

// permission remembers that something was forbidden, so as not to ask for it each time.
type permission struct {
	now func() time.Time

	mu     sync.Mutex
	denied time.Time
}

func (p *permission) allowed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.denied.IsZero() || p.now().Sub(p.denied) > deniedFor
}

func (p *permission) deny() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.denied = p.now()
}
