package service

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// cardPage and maxCardPage bound the cards of one page: each carries its whole request, and all must fit a message.
const (
	cardPage    = 20
	maxCardPage = 50
)

// pageRoom keeps a page within what one message of the broker carries, with room to spare.
type pageRoom struct{ left int }

const pageBytes = 768 << 10

func newPageRoom() *pageRoom { return &pageRoom{left: pageBytes} }

// takes says whether one more entry has room; the first always has, for it is smaller than an event.
func (r *pageRoom) takes(entry any) bool {
	encoded, err := json.Marshal(entry)
	if err != nil || r.left < pageBytes && len(encoded) > r.left {
		return false
	}
	r.left -= len(encoded)
	return true
}

// cards lists what the asking plugin has posted.
func (c *Calls) cards(ctx context.Context, plugin string, question v1.CardsRequest) (reply v1.CardsReply, err error) {
	reply.Cards = []v1.PostedCard{}
	err = c.view(ctx, plugin, func(reader core.Reader) error {
		deliveries, err := cardDeliveries(reader, plugin, question)
		if err != nil {
			return err
		}
		room := newPageRoom()
		for _, delivery := range deliveries {
			card, err := postedCard(reader, delivery)
			if err != nil {
				return err
			}
			if !room.takes(card) {
				break
			}
			reply.Cards = append(reply.Cards, card)
			reply.Next = delivery.ID
		}
		if question.RequestID != "" {
			reply.Next = ""
		}
		return nil
	})
	return reply, err
}

func cardDeliveries(reader core.Reader, plugin string, question v1.CardsRequest) ([]v1.Delivery, error) {
	if question.RequestID == "" {
		limit := question.Limit
		if limit <= 0 {
			limit = cardPage
		}
		return reader.OpenCards(plugin, question.Cursor, min(limit, maxCardPage))
	}
	all, err := reader.RequestDeliveries(question.RequestID, plugin)
	var cards []v1.Delivery
	for _, delivery := range all {
		if delivery.Slot == v1.SlotCard && delivery.Ref != "" {
			cards = append(cards, delivery)
		}
	}
	return cards, err
}

func postedCard(reader core.Reader, delivery v1.Delivery) (v1.PostedCard, error) {
	request, err := reader.Request(delivery.RequestID)
	return v1.PostedCard{
		Request: outward(request), Destination: delivery.Destination, DestinationName: delivery.DestinationName,
		Ref: delivery.Ref, FirstTried: delivery.FirstTried,
	}, err
}

// note puts a plugin's sentence on a pending request.
func (c *Calls) note(ctx context.Context, plugin string, question v1.NoteRequest) (reply v1.NoteReply, err error) {
	err = c.Store.Update(ctx, func(tx core.Tx) error {
		reply.Added = false
		if _, err := tx.Plugin(plugin); err != nil {
			return missing(err, "plugin", plugin)
		}
		request, err := tx.Request(question.RequestID)
		if err != nil {
			return missing(err, "request", question.RequestID)
		}
		now := c.Now()
		next, added, err := core.Note(request, question.Text, now)
		if err != nil || !added {
			return err
		}
		reply.Added = true
		if err := tx.SaveRequest(next); err != nil {
			return err
		}
		if err := emit(tx, v1.EventNoted, next, now); err != nil {
			return err
		}
		return audit(tx, audited{
			actor: "plugin:" + plugin, action: "request.note", requestID: next.ID, via: plugin,
			detail: map[string]string{"text": question.Text},
		}, now)
	})
	if err == nil && reply.Added {
		c.Touched()
		c.Logger.InfoContext(ctx, "a plugin noted something", slog.String("plugin", plugin),
			slog.String("request_id", question.RequestID), slog.String("note", question.Text))
	}
	return reply, storeError(err)
}

// noServiceUser answers a plugin that speaks for itself and has no service user to speak as.
func (*Service) noServiceUser(tx core.Tx, decision v1.Decision, now time.Time) (v1.DecisionResult, error) {
	plugin := decision.Identity.Plugin
	entry := audited{
		actor: "plugin:" + plugin, action: "request.review", requestID: decision.RequestID, via: plugin,
		identity: &decision.Identity, detail: map[string]string{"refused": "the plugin has no service user"},
	}
	return v1.DecisionResult{
		Code: v1.CodeIdentityNotLinked,
		Message: fmt.Sprintf("The plugin %s has no service user to review as; an administrator gives it one with "+
			"`accede admin link add %s %s %s --person NAME`.", plugin, plugin, v1.ServiceTenant, v1.ServiceUser),
	}, audit(tx, entry, now)
}
