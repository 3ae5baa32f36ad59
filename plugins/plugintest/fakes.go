package plugintest

import (
	"context"
	"slices"
	"sync"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Decisions stands for the host that takes decisions. The zero value takes all of them.
type Decisions struct {
	mu      sync.Mutex
	taken   []v1.Decision
	refusal error
	then    func(v1.Decision)
}

var _ plugins.Decisions = (*Decisions)(nil)

// Submit notes a decision.
func (d *Decisions) Submit(_ context.Context, decision v1.Decision) error {
	d.mu.Lock()
	d.taken = append(d.taken, decision)
	refusal, then := d.refusal, d.then
	d.mu.Unlock()
	if then != nil {
		then(decision)
	}
	return refusal
}

// Refuse makes Submit return an error, or nil again. What is refused is noted all the same.
func (d *Decisions) Refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refusal = err
}

// Then is called with each decision before Submit returns.
func (d *Decisions) Then(do func(v1.Decision)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.then = do
}

// Forget forgets what was taken.
func (d *Decisions) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = nil
}

// All lists what was taken, repeats included.
func (d *Decisions) All() []v1.Decision {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.taken)
}

// Distinct returns the decisions as the core sees them: a plugin that is called back and polls as well hands over the same
// one twice, and repeats of one id are one.
func (d *Decisions) Distinct() map[string]v1.Decision {
	out := map[string]v1.Decision{}
	for _, decision := range d.All() {
		out[decision.ID] = decision
	}
	return out
}

// Board stands for what the core knows of posted cards. The zero value is empty.
type Board struct {
	mu     sync.Mutex
	posted []plugins.Posted
	broken error
}

var _ plugins.Cards = (*Board)(nil)

// Put notes a card that was posted.
func (b *Board) Put(posted plugins.Posted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posted = append(b.posted, posted)
}

// Show changes what the core knows of every card of a request.
func (b *Board) Show(card plugins.Card) {
	b.Edit(func(posted []plugins.Posted) []plugins.Posted {
		for i := range posted {
			if posted[i].Card.RequestID == card.RequestID {
				posted[i].Card = card
			}
		}
		return posted
	})
}

// Edit changes what the core knows in any way.
func (b *Board) Edit(change func([]plugins.Posted) []plugins.Posted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posted = change(b.posted)
}

// Fail makes Of return an error, or nil again.
func (b *Board) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = err
}

// All lists the posted cards.
func (b *Board) All() []plugins.Posted {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.posted)
}

// Of returns the cards of one request.
func (b *Board) Of(_ context.Context, requestID string) ([]plugins.Posted, error) {
	found := slices.DeleteFunc(b.All(), func(p plugins.Posted) bool { return p.Card.RequestID != requestID })
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return nil, b.broken
	}
	return found, nil
}
