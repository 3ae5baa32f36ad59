package plugins

import (
	"context"
	"time"
)

// Posted is a card that this plugin has put at its vendor.
type Posted struct {
	// Card is the request as a card at this destination would show it now.
	Card        Card
	Destination Destination
	Ref         Ref
	// Since is when the card was first tried; nothing the vendor recorded before it can be about this card.
	Since time.Time
}

// Cards looks up what this plugin has posted. It asks the core, so that every replica finds what any of them posted.
type Cards interface {
	// Of returns the cards of one request, resolved ones included; none if there is no such request.
	Of(ctx context.Context, requestID string) ([]Posted, error)
}

// Poller asks a vendor that cannot call a private network what has happened to the open cards. It is also the net below
// callbacks that a vendor drops.
type Poller interface {
	// Poll looks at cards of pending requests, none of them twice, and hands over what people decided there. The host
	// calls it on one replica at a time, never without cards, and spreads many cards over several calls. What was handed
	// over before may be handed over again: a decision's id tells.
	Poll(ctx context.Context, open []Posted, decisions Decisions) error
}
