package host

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
)

// cards answers a plugin's questions about what it has posted.
type cards struct{ host *Host }

var _ plugins.Cards = cards{}

// Of implements [plugins.Cards].
func (c cards) Of(ctx context.Context, requestID string) ([]plugins.Posted, error) {
	reply, err := c.host.deliverer.core.cards(ctx, v1.CardsRequest{RequestID: requestID})
	if problem, ok := asProblem(err); ok && problem.Code == v1.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := c.host.posted(reply.Cards)
	if len(found) > 0 {
		c.host.markOwn(ctx, reply.Cards[0].Request, found)
	}
	return found, nil
}

// markOwn draws the requester's own card as theirs. If the vendor cannot tell now where they are, it looks like the others.
func (h *Host) markOwn(ctx context.Context, request v1.Request, found []plugins.Posted) {
	targets, err := h.targets(ctx, request)
	if err != nil {
		return
	}
	for i, card := range found {
		for _, to := range targets {
			if to.ID == card.Destination.ID {
				found[i].Card = plugins.NewCard(request, to.audience, h.publicURL(), h.settings.Decisions == DecideInChat)
			}
		}
	}
}

// posted leaves out what was deliberately not posted.
func (h *Host) posted(found []v1.PostedCard) []plugins.Posted {
	all := make([]plugins.Posted, 0, len(found))
	for _, card := range found {
		if plugins.Ref(card.Ref) == nowhere {
			continue
		}
		all = append(all, plugins.Posted{
			Card:        plugins.NewCard(card.Request, plugins.ForReviewers, h.publicURL(), h.settings.Decisions == DecideInChat),
			Destination: plugins.Destination{ID: card.Destination, Name: card.DestinationName},
			Ref:         plugins.Ref(card.Ref), Since: card.FirstTried,
		})
	}
	return all
}

func (c core) cards(ctx context.Context, question v1.CardsRequest) (v1.CardsReply, error) {
	return ask[v1.CardsReply](ctx, c, broker.MethodCards, question)
}

func (c core) duty(ctx context.Context, question v1.DutyRequest) (bool, error) {
	reply, err := ask[v1.DutyReply](ctx, c, broker.MethodDuty, question)
	return reply.Granted, err
}

func (c core) note(ctx context.Context, requestID, text string) error {
	_, err := ask[v1.NoteReply](ctx, c, broker.MethodNote, v1.NoteRequest{RequestID: requestID, Text: text})
	return err
}
