package teamssim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"unicode/utf16"

	"github.com/accede/accede/plugins/standin"
)

const (
	// maxMessage is in bytes of UTF-16: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages.
	maxMessage = 100 << 10
	maxBody    = 1 << 20
)

// call is a request to the connector whose sender is known.
type call struct {
	*http.Request
	operation string
	body      []byte
}

// serve answers with a value, or refuses.
type serve func(call) (status int, value any, refused *apiError)

func (s *Sim) connector(gated func(http.HandlerFunc) http.Handler) {
	for pattern, handle := range map[string]serve{
		"POST /v3/conversations":                                  s.create,
		"POST /v3/conversations/{conversation}/activities":        s.send,
		"POST /v3/conversations/{conversation}/activities/{id}":   s.send,
		"PUT /v3/conversations/{conversation}/activities/{id}":    s.edit,
		"DELETE /v3/conversations/{conversation}/activities/{id}": s.remove,
		"GET /v3/conversations/{conversation}/pagedmembers":       s.pagedMembers,
		"GET /v3/conversations/{conversation}/members/{id}":       s.oneMember,
	} {
		method, path := splitPattern(pattern)
		served := gated(s.connected(handle))
		s.mux.Handle(method+" /smba/{region}"+path, served)
		s.mux.Handle(method+" /smba/{region}/{tenant}"+path, served)
	}
}

func splitPattern(pattern string) (method, path string) {
	before, after, _ := bytes.Cut([]byte(pattern), []byte(" "))
	return string(before), string(after)
}

// connected checks the token and the limits before it lets a call through.
func (s *Sim) connected(handle serve) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := call{Request: r, operation: operation(r)}
		if !s.tokens.good(r, false) {
			denied().write(w)
			return
		}
		if refused := s.refusal.take(c.operation); refused != nil {
			refused.write(w)
			return
		}
		var err error
		if c.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
			tooBig().write(w)
			return
		}
		if seconds := s.limited(c); seconds > 0 {
			tooMany(w, r, seconds)
			return
		}
		status, value, refused := handle(c)
		if refused != nil {
			refused.write(w)
			return
		}
		standin.WriteJSON(w, status, value)
	}
}

// limited returns the seconds to wait if Microsoft's own limits are switched on and used up.
func (s *Sim) limited(c call) int {
	strict, _ := s.faults.RealLimits()
	if !strict {
		return 0
	}
	if wait := s.limits.take("everything", globalWindows()); wait > 0 {
		return standin.WholeSeconds(wait)
	}
	windows := sendWindows()
	if c.operation == "members" {
		windows = memberWindows()
	}
	if wait := s.limits.take(c.operation+" "+c.PathValue("conversation"), windows); wait > 0 {
		return standin.WholeSeconds(wait)
	}
	return 0
}

func tooBig() *apiError {
	return &apiError{status: http.StatusRequestEntityTooLarge, code: "MessageSizeTooBig", message: "Message size too large."}
}

// incoming is an activity that a bot sends.
type incoming struct {
	Type        string `json:"type"`
	Text        string `json:"text"`
	Summary     string `json:"summary"`
	Attachments []struct {
		ContentType string          `json:"contentType"`
		Content     json.RawMessage `json:"content"`
	} `json:"attachments"`
	Recipient *struct {
		ID string `json:"id"`
	} `json:"recipient"`
	ReplyTo     string `json:"replyToId"`
	ChannelData struct {
		Notification struct {
			Alert bool `json:"alert"`
		} `json:"notification"`
	} `json:"channelData"`
}

// parseIncoming reads an activity and its card.
func parseIncoming(body []byte) (incoming, *adaptiveCard, *apiError) {
	if utf16Bytes(body) > maxMessage {
		return incoming{}, nil, tooBig()
	}
	var in incoming
	if err := json.Unmarshal(body, &in); err != nil || in.Type != "message" {
		return incoming{}, nil, badSyntax("Activity could not be read: it must be a message.")
	}
	if len(in.Attachments) == 0 {
		if in.Text == "" {
			return incoming{}, nil, badSyntax("Activity must include non empty 'text' field or at least 1 attachment.")
		}
		return in, nil, nil
	}
	if len(in.Attachments) > 1 || in.Attachments[0].ContentType != cardType {
		return incoming{}, nil, badSyntax("The sandbox knows one Adaptive Card per message.")
	}
	card, err := parseCard(in.Attachments[0].Content)
	if err != nil {
		return incoming{}, nil, badSyntax("Card could not be read: " + err.Error())
	}
	return in, card, nil
}

func utf16Bytes(body []byte) int {
	n := 0
	for _, r := range string(body) {
		n += 2 * utf16.RuneLen(r)
	}
	return n
}

// post stores a message and returns it. Text together with a card becomes two messages, of which none is named. The lock
// must be held.
func (s *Sim) post(r *room, root *message, in incoming, card *adaptiveCard) (m *message, named bool) {
	named = in.Text == "" || card == nil
	if !named {
		s.add(r, root, incoming{Text: in.Text, Summary: in.Summary}, nil)
		in.Text = ""
	}
	return s.add(r, root, in, card), named
}

func (s *Sim) add(r *room, root *message, in incoming, card *adaptiveCard) *message {
	m := &message{
		id: s.nextID(), root: root, created: s.now(), summary: in.Summary, text: in.Text, card: card, key: deliveryKey(card),
		alert: in.ChannelData.Notification.Alert, looked: map[*person]bool{},
	}
	if r.kind == kindPersonal && r.members[0].Vanished {
		return m // taken, and shown nowhere
	}
	r.messages = append(r.messages, m)
	s.changes.Touch()
	return m
}

// create starts a conversation: a thread in a channel, or the chat with one person.
func (s *Sim) create(c call) (int, any, *apiError) {
	var ask struct {
		IsGroup bool `json:"isGroup"`
		Members []struct {
			ID string `json:"id"`
		} `json:"members"`
		TenantID    string `json:"tenantId"`
		ChannelData struct {
			Channel struct {
				ID string `json:"id"`
			} `json:"channel"`
			Tenant struct {
				ID string `json:"id"`
			} `json:"tenant"`
		} `json:"channelData"`
		Activity json.RawMessage `json:"activity"`
	}
	if err := json.Unmarshal(c.body, &ask); err != nil {
		return 0, nil, badSyntax("The body is not a conversation.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ask.ChannelData.Channel.ID != "":
		return s.createThread(ask.ChannelData.Channel.ID, ask.Activity)
	case ask.IsGroup || len(ask.Members) != 1:
		return 0, nil, badSyntax("Bots can start a conversation with exactly one member.")
	case ask.TenantID != s.cfg.Tenant.ID && ask.ChannelData.Tenant.ID != s.cfg.Tenant.ID:
		return 0, nil, badSyntax("Unknown tenant.")
	default:
		return s.createChat(ask.Members[0].ID)
	}
}

func (s *Sim) createThread(channel string, activity json.RawMessage) (int, any, *apiError) {
	in, card, refused := parseIncoming(activity)
	if refused != nil {
		return 0, nil, refused
	}
	r, _ := s.find(channel)
	if r == nil || r.kind != kindChannel {
		return 0, nil, notFound()
	}
	if !r.installed {
		return 0, nil, notInRoster()
	}
	m, named := s.post(r, nil, in, card)
	if !named {
		return http.StatusCreated, map[string]string{"id": r.id}, nil
	}
	return http.StatusCreated, map[string]string{"id": r.conversationID(m), "activityId": m.id}, nil
}

func (s *Sim) createChat(member string) (int, any, *apiError) {
	p := s.named(member)
	if p == nil || p.mri != member {
		return 0, nil, badSyntax("Invalid user identity in provided tenant.")
	}
	if !p.Installed && !p.Vanished && !s.met(p) {
		return 0, nil, notInRoster()
	}
	return http.StatusCreated, map[string]string{"id": s.personal(p).id}, nil
}

func number(text string, otherwise int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return otherwise
	}
	return n
}
