package hosttest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Message is something that the vendor shows.
type Message struct {
	Ref     plugins.Ref
	At      string
	Key     string
	Parent  plugins.Ref
	Card    plugins.Card
	Note    *plugins.Note
	Updates int
	Deleted bool
}

// Told is an answer that somebody got.
type Told struct {
	Decision v1.Decision
	Result   v1.DecisionResult
}

// Vendor is a vendor in memory. It is safe for concurrent use.
type Vendor struct {
	mu       sync.Mutex
	messages []*Message
	told     []Told
	calls    map[string]int
}

// NewVendor returns a vendor that shows nothing yet.
func NewVendor() *Vendor { return &Vendor{calls: map[string]int{}} }

// Messages returns what the vendor shows, in order; deleted messages are left out.
func (v *Vendor) Messages() []Message {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []Message
	for _, m := range v.messages {
		if !m.Deleted {
			all = append(all, *m)
		}
	}
	return all
}

// At returns what the vendor shows at one destination, in order.
func (v *Vendor) At(destination string) []Message {
	return slices.DeleteFunc(v.Messages(), func(m Message) bool { return m.At != destination })
}

// Told returns the answers that people got.
func (v *Vendor) Told() []Told {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.told)
}

// Calls says how often an operation was called.
func (v *Vendor) Calls(operation string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.calls[operation]
}

// Delete removes every message at a destination, as a person could.
func (v *Vendor) Delete(destination string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range v.messages {
		m.Deleted = m.Deleted || m.At == destination
	}
}

// Client is the vendor as one replica's plugin reaches it.
type Client struct {
	vendor *Vendor

	mu        sync.Mutex
	intercept func(ctx context.Context, operation string, stage Stage) error
	people    []string
	limited   bool
	stubborn  bool
}

// Intercept sets what is asked before and after each call has its effect; an error takes the place of the answer.
func (c *Client) Intercept(ask func(ctx context.Context, operation string, stage Stage) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.intercept = ask
}

// Reach limits the people who can be reached, by name; without it everybody can.
func (c *Client) Reach(people ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.people, c.limited = people, true
}

// Stubborn makes calls have their effect even when their context has ended meanwhile, as a request does that is already
// on its way.
func (c *Client) Stubborn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stubborn = true
}

func (c *Client) ask(ctx context.Context, operation string, stage Stage) error {
	c.mu.Lock()
	ask, stubborn := c.intercept, c.stubborn
	c.mu.Unlock()
	if ask != nil {
		if err := ask(ctx, operation, stage); err != nil {
			return err
		}
	}
	if stubborn || stage == After {
		return nil
	}
	return ctx.Err()
}

// Client returns a new replica's way to the vendor.
func (v *Vendor) Client() *Client { return &Client{vendor: v} }

func (c *Client) around(ctx context.Context, operation string, do func() error) error {
	c.vendor.mu.Lock()
	c.vendor.calls[operation]++
	c.vendor.mu.Unlock()
	if err := c.ask(ctx, operation, Before); err != nil {
		return err
	}
	c.vendor.mu.Lock()
	err := do()
	c.vendor.mu.Unlock()
	if err != nil {
		return err
	}
	return c.ask(ctx, operation, After)
}

func (c *Client) add(ctx context.Context, operation string, message Message) (plugins.Ref, error) {
	err := c.around(ctx, operation, func() error {
		message.Ref = plugins.Ref(fmt.Sprintf("m%d", len(c.vendor.messages)+1))
		c.vendor.messages = append(c.vendor.messages, &message)
		return nil
	})
	if err != nil {
		return "", err
	}
	return message.Ref, nil
}

// Post shows a card.
func (c *Client) Post(ctx context.Context, to plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	return c.add(ctx, "post", Message{At: to.ID, Key: key, Card: card})
}

// Reply shows a note under a card.
func (c *Client) Reply(ctx context.Context, ref plugins.Ref, key string, note plugins.Note) (plugins.Ref, error) {
	return c.add(ctx, "reply", Message{At: c.place(ref), Key: key, Parent: ref, Note: &note})
}

func (c *Client) place(ref plugins.Ref) string {
	c.vendor.mu.Lock()
	defer c.vendor.mu.Unlock()
	for _, m := range c.vendor.messages {
		if m.Ref == ref {
			return m.At
		}
	}
	return ""
}

// Update changes a card.
func (c *Client) Update(ctx context.Context, ref plugins.Ref, card plugins.Card) error {
	return c.around(ctx, "update", func() error {
		for _, m := range c.vendor.messages {
			if m.Ref == ref && !m.Deleted {
				m.Card = card
				m.Updates++
				return nil
			}
		}
		return &plugins.Error{Op: "updating message", Kind: plugins.Gone}
	})
}

// Find looks a message up by its key.
func (c *Client) Find(ctx context.Context, at plugins.Destination, search plugins.Search) (ref plugins.Ref, found bool, err error) {
	err = c.around(ctx, "find", func() error {
		for _, m := range c.vendor.messages {
			if m.Key == search.Key && m.At == at.ID && m.Parent == search.Parent && !m.Deleted {
				ref, found = m.Ref, true
			}
		}
		return nil
	})
	return ref, found, err
}

// Resolve knows every "#channel", and people by their name.
func (c *Client) Resolve(ctx context.Context, recipient plugins.Recipient) (found []plugins.Destination, err error) {
	err = c.around(ctx, "resolve", func() error {
		found = c.resolve(recipient)
		return nil
	})
	return found, err
}

func (c *Client) resolve(recipient plugins.Recipient) []plugins.Destination {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case strings.HasPrefix(recipient.Name, "#"):
		return []plugins.Destination{{ID: recipient.Name, Name: recipient.Name}}
	case recipient.Person == nil:
		return nil
	case len(recipient.Accounts) > 0:
		return []plugins.Destination{{ID: "dm:" + recipient.Accounts[0].User, Name: "@" + recipient.Person.Name}}
	case c.limited && !slices.Contains(c.people, recipient.Person.Name):
		return nil
	}
	return []plugins.Destination{{ID: "dm:" + recipient.Person.Name, Name: "@" + recipient.Person.Name}}
}

// Answer tells somebody something.
func (c *Client) Answer(ctx context.Context, decision v1.Decision, result v1.DecisionResult) error {
	return c.around(ctx, "answer", func() error {
		c.vendor.told = append(c.vendor.told, Told{decision, result})
		return nil
	})
}
