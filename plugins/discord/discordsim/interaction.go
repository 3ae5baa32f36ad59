package discordsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Deadlines of interactions: https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages.
const (
	answerDeadline = 3 * time.Second
	tokenLife      = 15 * time.Minute
	forgetAfter    = time.Hour
)

// Types of interaction and of first answers.
const (
	kindPing, kindComponent, kindModal = 1, 3, 5

	answerPong, answerMessage, answerDeferred = 1, 4, 5
	answerDeferredUpdate, answerUpdate        = 6, 7
	answerModal                               = 9
)

// interaction is one press of a button or one sending of a form. Its fields are guarded by the lock of the whole.
type interaction struct {
	id, token string
	kind      int
	user      User
	channel   *channel
	source    *message
	born      time.Time
	// failed says that the deadline passed, done is closed with the first answer, answer is its type.
	failed bool
	done   chan struct{}
	answer int
	// original is the message that the first answer created.
	original *message
}

func (i *interaction) answered() bool { return i.answer != 0 }

// modal is an open form.
type modal struct {
	from  *interaction
	form  modalDraft
	wrong string
	typed map[string]string
}

// newInteraction begins an interaction. The lock must be held.
func (s *Sim) newInteraction(kind int, u User, ch *channel, source *message) *interaction {
	now := s.opts.Clock()
	for token, old := range s.interactions {
		if now.Sub(old.born) > forgetAfter {
			delete(s.interactions, token)
		}
	}
	i := &interaction{
		id: s.newID(), token: s.newToken(), kind: kind, user: u, channel: ch, source: source, born: now, done: make(chan struct{}),
	}
	s.interactions[i.token] = i
	return i
}

// payload is what the app gets: https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object.
func (s *Sim) payload(i *interaction, data map[string]any) map[string]any {
	out := map[string]any{
		"id": i.id, "application_id": s.cfg.Application.ID, "type": i.kind, "token": i.token, "version": 1, "data": data,
		"channel_id": i.channel.ID, "channel": s.wireChannel(i.channel), "locale": "en-GB", "entitlements": []any{},
		"app_permissions": bits(s.permissions(s.cfg.Application.ID, i.channel)), "attachment_size_limit": 10 << 20,
	}
	if i.source != nil {
		out["message"] = s.wire(i.source)
	}
	if i.channel.direct() {
		out["user"], out["context"] = wireUser(i.user), 1
		out["authorizing_integration_owners"] = map[string]string{"0": "0"}
		return out
	}
	m, _ := s.guilds[i.channel.Guild].member(i.user.ID)
	member := wireMember(m, i.user)
	member["permissions"] = bits(s.permissions(i.user.ID, i.channel))
	out["member"], out["context"], out["guild_id"], out["guild_locale"] = member, 0, i.channel.Guild, "en-US"
	out["guild"] = map[string]any{"id": i.channel.Guild, "locale": "en-US", "features": []string{}}
	out["authorizing_integration_owners"] = map[string]string{"0": i.channel.Guild}
	return out
}

// firstAnswer is an app's answer to an interaction.
type firstAnswer struct {
	Type int             `json:"type"`
	Data json.RawMessage `json:"data"`
}

var errNoAnswer = errors.New("the answer is no interaction response")

// respond takes a first answer that comes as a request of its own.
func (s *Sim) respond(c *call) (reply, error) {
	var a firstAnswer
	if err := c.decode(&a); err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.interactions[c.part("token")]
	if i == nil || i.id != c.part("interaction") {
		return reply{}, unknownInteraction()
	}
	if err := s.apply(i, a); err != nil {
		return reply{}, err
	}
	if c.http.URL.Query().Get("with_response") != "true" {
		return nothing()
	}
	return ok(map[string]any{"interaction": map[string]any{"id": i.id, "type": i.kind}})
}

// apply does what a first answer says. The lock must be held.
func (s *Sim) apply(i *interaction, a firstAnswer) error {
	switch {
	case i.failed:
		return unknownInteraction()
	case i.answered():
		return acknowledged()
	}
	if err := s.applyKind(i, a); err != nil {
		return err
	}
	i.answer = a.Type
	close(i.done)
	s.changes.Touch()
	return nil
}

func (s *Sim) applyKind(i *interaction, a firstAnswer) error {
	switch a.Type {
	case answerMessage:
		return s.answerWith(i, a.Data)
	case answerDeferred:
		i.original = s.privately(i, s.newMessage(i.channel, s.cfg.Application.ID, flagsOnly(a.Data)))
		i.original.loading = true
		s.put(i.channel, i.original)
		return nil
	case answerDeferredUpdate:
		return nil
	case answerUpdate:
		return s.updateSource(i, a.Data)
	case answerModal:
		return s.openModal(i, a.Data)
	default:
		var c complaints
		c.add("type", "BASE_TYPE_CHOICES", "Value must be one of {4, 5, 6, 7, 9}.")
		return c.err()
	}
}

func flagsOnly(raw json.RawMessage) draft {
	var d draft
	if json.Unmarshal(raw, &d) != nil {
		return draft{}
	}
	return draft{Flags: d.Flags}
}

func draftOf(raw json.RawMessage) (draft, error) {
	var d draft
	if len(raw) == 0 || json.Unmarshal(raw, &d) != nil {
		return draft{}, badJSON()
	}
	if err := d.check(); err != nil {
		return draft{}, err
	}
	if d.empty() {
		return draft{}, emptyMessage()
	}
	return d, nil
}

func (s *Sim) answerWith(i *interaction, raw json.RawMessage) error {
	d, err := draftOf(raw)
	if err != nil {
		return err
	}
	i.original = s.privately(i, s.newMessage(i.channel, s.cfg.Application.ID, d))
	s.put(i.channel, i.original)
	return nil
}

// privately shows a message to the person alone if it says so.
func (*Sim) privately(i *interaction, m *message) *message {
	if m.flags&flagEphemeral != 0 {
		m.onlyFor = i.user.ID
	}
	return m
}

func (s *Sim) updateSource(i *interaction, raw json.RawMessage) error {
	var d draft
	if i.source == nil || json.Unmarshal(raw, &d) != nil {
		return badJSON()
	}
	return s.revise(i.channel, i.source, d)
}

func (s *Sim) openModal(i *interaction, raw json.RawMessage) error {
	var form modalDraft
	if json.Unmarshal(raw, &form) != nil {
		return badJSON()
	}
	if i.kind == kindModal {
		var c complaints
		c.add("type", "INTERACTION_RESPONSE_TYPE_INVALID", "A form cannot be answered with another form.")
		return c.err()
	}
	if err := form.check(); err != nil {
		return err
	}
	s.modals[i.user.ID] = &modal{from: i, form: form}
	return nil
}

// inline takes a first answer that comes as the answer to a callback.
func (s *Sim) inline(i *interaction, status int, body []byte) error {
	if status != http.StatusOK {
		return fmt.Errorf("the app answered with status %d", status)
	}
	var a firstAnswer
	if json.Unmarshal(body, &a) != nil || a.Type == 0 {
		return errNoAnswer
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.apply(i, a)
}
