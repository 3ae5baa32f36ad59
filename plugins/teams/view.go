package teams

import (
	"context"
	"net/http"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// formLife is how long the form for the reason may stay open.
const formLife = time.Hour

// back is the request that a card for one person leads back to.
type back struct {
	plugins.Action
	key  string
	mute bool
}

// back is nil if the button did not say which request it was about.
func (*callbacks) back(meant plugins.Action, p press) *back {
	if meant.RequestID == "" {
		return nil
	}
	return &back{Action: meant, key: p.Key, mute: p.Mute}
}

// formAudience keeps a form's seal from being used by another account or as a card's button.
func formAudience(a activity) string { return "form for " + a.tenant() + "/" + a.From.ObjectID }

// showAudience keeps the seal of a button that shows a request from being used as one that decides.
const showAudience = "show"

// notice is a sentence of ours on a tinted ground.
func notice(style, text string) element { return box(style, plain(text)) }

// object says no: in the answer to the button, or as a message to clients that take no answer.
func (h *callbacks) object(ctx context.Context, a activity, to *back, sentence string) reply {
	if a.Type == typeInvoke {
		return h.view(ctx, a, to, []element{notice("warning", sentence)})
	}
	ctx, cancel := context.WithTimeout(ctx, sayBudget)
	defer cancel()
	if err := h.tell(ctx, spotAt(a), said(sentence, "", "")); err != nil {
		h.log.Warn("click could not be answered", "user", a.From.ObjectID, "err", err)
	}
	return reply{status: http.StatusOK}
}

// view is what the person who clicked sees in place of the card: some elements of ours and below them the request as it
// is now, else a button that brings it back.
func (h *callbacks) view(ctx context.Context, a activity, to *back, top []element) reply {
	if to == nil {
		return showing(newCard(top, nil))
	}
	if shown, ok := h.current(ctx, a, *to); ok {
		shown.Body = slices.Concat(top, shown.Body)
		return showing(shown)
	}
	return showing(newCard(top, h.bringBack(*to)))
}

func (h *callbacks) bringBack(to back) []cardAction {
	show, err := h.artist.show(picture{Card: to.card(), key: to.key}, "Back to the request")
	if err != nil {
		return nil
	}
	return []cardAction{show}
}

func (t back) card() plugins.Card {
	return plugins.Card{RequestID: t.RequestID, Version: t.Version, Fingerprint: t.Fingerprint}
}

// current draws the card as it is now, if the core says so in time. A twin of the card is put aside on the way.
func (h *callbacks) current(ctx context.Context, a activity, to back) (card, bool) {
	if h.cards == nil {
		return card{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, showBudget)
	defer cancel()
	posted, err := h.cards.Of(ctx, to.RequestID)
	if err != nil {
		h.log.Warn("request could not be looked up", "request_id", to.RequestID, "err", err)
		return card{}, false
	}
	own, twin := h.place(posted, a, to.key)
	if own == nil {
		return card{}, false
	}
	if twin {
		h.putAside(ctx, a, own.Card)
	}
	if to.mute {
		own.Card.Audience, own.Card.Actions = plugins.ForRequester, nil
	}
	drawn, err := h.artist.draw(picture{Card: own.Card, key: to.key})
	return drawn, err == nil
}

// place finds which of the posted cards was clicked. It is a twin if the ledger knows another message for the same
// delivery: Teams took a post whose answer got lost, and the host posted once more.
func (h *callbacks) place(posted []plugins.Posted, a activity, key string) (found *plugins.Posted, twin bool) {
	for i := range posted {
		at, err := h.decodeRef(posted[i].Ref)
		switch {
		case err != nil:
		case at.activity == a.ReplyTo && roomOf(at.conversation) == a.room():
			return &posted[i], false
		case key != "" && at.key == key:
			found, twin = &posted[i], a.ReplyTo != ""
		}
	}
	return found, twin
}

// putAside makes a twin say what it is, for everybody.
func (h *callbacks) putAside(ctx context.Context, a activity, c plugins.Card) {
	body := []element{
		rich(run{Text: heading(c), Weight: "Bolder"}),
		markup("This card came twice. The other one is kept up to date; this one is not, so its buttons are gone."),
	}
	m := message(headline(c), newCard(append(body, signature(c)...), links(c.URL)))
	if err := h.api.edit(ctx, a.service(), a.Conversation.ID, a.ReplyTo, m); err != nil {
		h.log.Warn("twin of a card was not put aside", "request_id", c.RequestID, "err", failure("updating message", repeatable, err))
		return
	}
	h.log.Info("twin of a card was put aside", "request_id", c.RequestID)
}

// shown answers a client that asks for the card as it is now: by itself, or because somebody wants it back.
func (h *callbacks) shown(ctx context.Context, a activity, p press) reply {
	meant, err := h.seal.Open(p.Seal, showAudience, h.now())
	if err != nil {
		return refusing(http.StatusBadRequest, "BadRequest", "This card is from another installation.")
	}
	to := back{Action: meant, key: p.Key, mute: p.Mute}
	drawn, ok := h.current(ctx, a, to)
	if !ok {
		return refusing(http.StatusInternalServerError, "Unavailable", "The request cannot be shown just now.")
	}
	return showing(drawn)
}

// ask shows the form for the reason, to the person who clicked Deny and nobody else.
func (h *callbacks) ask(ctx context.Context, a activity, p press, meant plugins.Action) reply {
	sealed := meant
	sealed.Expires = h.now().Add(formLife)
	seal, err := h.seal.Seal(sealed, formAudience(a))
	if err != nil {
		return h.object(ctx, a, nil, sayLost)
	}
	to := back{Action: meant, key: p.Key}
	form := newCard(nil, append([]cardAction{{
		Type: "Action.Execute", Title: "Deny", Verb: verbConfirm, Style: "destructive", Data: &buttonData{Seal: seal, Key: p.Key},
	}}, h.bringBack(to)...))
	if now, ok := h.current(ctx, a, to); ok {
		form.Body = now.Body
	}
	form.Body = append(form.Body, reasonInput())
	return showing(form)
}

// answerNotice draws the core's sentence and, for an unknown account, how its owner connects it.
func answerNotice(result v1.DecisionResult) []element {
	style := "warning"
	if result.Counted() || result.Code == v1.CodeRecorded {
		style = "good"
	}
	sentence, more := answerText(result)
	return []element{box(style, append(lines([]string{sentence}, plain), more...)...)}
}
