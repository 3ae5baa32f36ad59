package teams

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/accede/accede/plugins"
)

const (
	// maxCallback bounds a callback's body: an activity holds what was written and little else.
	maxCallback  = 256 << 10
	statusBroken = http.StatusInternalServerError
)

// callbacks takes what Teams tells the bot.
type callbacks struct {
	*bot
	decisions plugins.Decisions
	seen      *seen
}

// Handler answers the Bot Framework's requests.
func (b *bot) Handler(decisions plugins.Decisions) http.Handler {
	return &callbacks{bot: b, decisions: decisions, seen: newSeen(b.now)}
}

// reply is the answer to a callback; a nil body is an empty one.
type reply struct {
	status int
	body   any
}

// invokeAnswer is the body of an answer to a button:
// https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model#response-format.
type invokeAnswer struct {
	Status int    `json:"statusCode"`
	Type   string `json:"type"`
	Value  any    `json:"value"`
}

// showing replaces the card for the person who clicked, and for nobody else.
func showing(c card) reply {
	return reply{status: http.StatusOK, body: invokeAnswer{Status: http.StatusOK, Type: cardType, Value: c}}
}

// refusing leaves the card as it is and shows an error.
func refusing(status int, code, message string) reply {
	return reply{status: http.StatusOK, body: invokeAnswer{
		Status: status, Type: "application/vnd.microsoft.error", Value: map[string]string{"code": code, "message": message},
	}}
}

func (h *callbacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "The Bot Framework's callbacks are POST requests; this is the address for the bot's messaging endpoint.",
			http.StatusMethodNotAllowed)
		return
	}
	// The token is checked before the body is read; it does not cover the body.
	proof, err := h.verifier.token(r.Context(), r.Header)
	if err != nil {
		h.refuse(w, r, http.StatusUnauthorized, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		h.refuse(w, r, http.StatusRequestEntityTooLarge, errors.New("the callback is larger than 256 KiB"))
		return
	}
	if err != nil {
		h.refuse(w, r, http.StatusBadRequest, err)
		return
	}
	h.serveVerified(w, r, proof, body)
}

func (h *callbacks) serveVerified(w http.ResponseWriter, r *http.Request, p proof, body []byte) {
	a, err := parseActivity(body)
	if err != nil {
		h.refuse(w, r, http.StatusBadRequest, err)
		return
	}
	if err := h.verifier.activity(p, a); err != nil {
		h.refuse(w, r, http.StatusForbidden, err)
		return
	}
	h.answer(w, h.take(r.Context(), a))
}

func (h *callbacks) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	h.log.Warn("callback refused", "remote", r.RemoteAddr, "err", err)
	http.Error(w, err.Error(), status)
}

func (h *callbacks) answer(w http.ResponseWriter, answer reply) {
	if answer.body == nil {
		w.WriteHeader(answer.status)
		return
	}
	encoded, err := encode(answer.body)
	if err != nil {
		h.log.Error("answer could not be encoded", "err", err)
		w.WriteHeader(statusBroken)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(answer.status)
	_, _ = w.Write(encoded) // Teams hung up: nobody is left to tell
}

// take works on one activity that is known to come from Teams.
func (h *callbacks) take(ctx context.Context, a activity) reply {
	h.memory.learnService(ctx, a.tenant(), a.service())
	switch {
	case a.Type == typeInvoke && a.Name == invokeCard, a.Type == typeMessage && a.hasValue():
		if a.ID == "" {
			return reply{status: http.StatusBadRequest}
		}
		// Somebody who hung up must not stop what the others who sent the same wait for.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clickBudget)
		defer cancel()
		return h.seen.once(a.Conversation.ID+" "+a.ID, func() reply { return h.clicked(ctx, a) })
	case a.Type == typeInvoke:
		return reply{status: http.StatusNotImplemented}
	case a.Type == typeInstallation, a.Type == typeConversation:
		h.moved(ctx, a)
	case a.Type == typeMessage && a.personal() && strings.TrimSpace(a.Text) != "":
		h.greet(ctx, a)
	}
	return reply{status: http.StatusOK}
}

// moved learns from installations and from people who join or leave.
func (h *callbacks) moved(ctx context.Context, a activity) {
	h.rosters.forget(a.room())
	if !a.personal() {
		return
	}
	if a.removesBot() {
		h.memory.unlearn(ctx, a.tenant(), a.From.ObjectID)
		return
	}
	h.learn(ctx, a)
}

// learn remembers where the person who did something can be written to.
func (h *callbacks) learn(ctx context.Context, a activity) {
	news := reference{Account: a.From.ID, Service: a.service()}
	if a.personal() {
		news.Conversation = a.Conversation.ID
	}
	h.memory.learn(ctx, a.tenant(), a.From.ObjectID, news)
}

const sayHello = "I bring requests for access here, with buttons to decide. I cannot answer what people write; requests are made in Accede."

// greet answers somebody who writes to the bot.
func (h *callbacks) greet(ctx context.Context, a activity) {
	h.learn(ctx, a)
	ctx, cancel := context.WithTimeout(ctx, sayBudget)
	defer cancel()
	if _, err := h.api.send(ctx, a.service(), a.Conversation.ID, said(sayHello, "", "")); err != nil {
		h.log.Info("greeting was not sent", "err", failure("answering", creates, err))
	}
}
