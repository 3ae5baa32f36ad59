package hosttest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
)

// queued is a message that was not acknowledged yet.
type queued struct {
	broker.Message
	holder  *Conn
	visible time.Time
}

// Stage says when an interceptor is asked about a call.
type Stage int

// The stages.
const (
	// Before: the call has not reached the core.
	Before Stage = iota
	// After: the core has done it, and the answer is on its way.
	After
)

// Conn is one replica's connection.
type Conn struct {
	core *Core

	mu        sync.Mutex
	intercept func(method string, stage Stage) error
	dead      bool
	cut       bool
	gone      chan struct{}
}

// MethodPublish is how an interceptor sees the publishing of a decision.
const MethodPublish = "publish"

// Connect returns a new replica's connection.
func (c *Core) Connect() *Conn { return &Conn{core: c, gone: make(chan struct{})} }

// Kill makes the connection dead for good: nothing that its replica still does has any effect, and what it was working
// on is given to others once the broker has waited long enough.
func (n *Conn) Kill() {
	n.mu.Lock()
	dead := n.dead
	n.dead = true
	n.mu.Unlock()
	if dead {
		return
	}
	close(n.gone)
	n.core.abandon(n)
}

// Dead says whether the connection was killed.
func (n *Conn) Dead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead
}

// Cut takes the network away, or gives it back.
func (n *Conn) Cut(cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = cut
}

// Intercept sets what is asked around every call and publish; an error takes the place of the answer.
func (n *Conn) Intercept(ask func(method string, stage Stage) error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.intercept = ask
}

func (n *Conn) ask(method string, stage Stage) error {
	n.mu.Lock()
	ask := n.intercept
	n.mu.Unlock()
	if ask == nil {
		return nil
	}
	return ask(method, stage)
}

func (n *Conn) away() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead || n.cut
}

// around runs do between the two questions to the interceptor.
func (n *Conn) around(ctx context.Context, method string, do func()) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w: %w", method, broker.ErrUnavailable, ctx.Err())
	}
	for _, stage := range []Stage{Before, After} {
		if n.away() {
			return fmt.Errorf("%s: %w", method, broker.ErrUnavailable)
		}
		if err := n.ask(method, stage); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		if n.away() {
			return fmt.Errorf("%s: %w", method, broker.ErrUnavailable)
		}
		if stage == Before {
			do()
		}
	}
	return nil
}

// Call asks the core.
func (n *Conn) Call(ctx context.Context, subject string, data []byte) (answer []byte, err error) {
	plugin, method, ok := broker.CallMethod(subject)
	if !ok || plugin != n.core.plugin {
		return nil, fmt.Errorf("calling %s: %w", subject, broker.ErrDenied)
	}
	err = n.around(ctx, method, func() {
		n.core.mu.Lock()
		defer n.core.mu.Unlock()
		answer = n.core.answer(method, data)
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// Publish takes decisions.
func (n *Conn) Publish(ctx context.Context, messages ...broker.Message) error {
	for _, message := range messages {
		if plugin, _, ok := broker.ActionPlugin(message.Subject); !ok || plugin != n.core.plugin {
			return fmt.Errorf("publishing %s: %w", message.Subject, broker.ErrDenied)
		}
		if err := n.around(ctx, MethodPublish, func() { n.core.take(message) }); err != nil {
			return err
		}
	}
	return nil
}

// Listen gives the results of decisions to receive.
func (n *Conn) Listen(ctx context.Context, _ string, receive func(subject string, data []byte)) error {
	n.core.mu.Lock()
	n.core.listeners[n] = receive
	n.core.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-n.gone:
		<-ctx.Done()
	}
	n.core.mu.Lock()
	defer n.core.mu.Unlock()
	delete(n.core.listeners, n)
	return nil
}

// take stores a decision, decides it after a while, and tells everybody.
func (c *Core) take(message broker.Message) {
	var signed v1.SignedDecision
	var decision v1.Decision
	if json.Unmarshal(message.Data, &signed) != nil || json.Unmarshal(signed.Payload, &decision) != nil || decision.ID != message.ID {
		return
	}
	if c.PublicKey != "" && !broker.VerifySignature(c.PublicKey, signed.Payload, signed.Signature) {
		return
	}
	c.mu.Lock()
	c.submitted++
	_, known := c.decisions[decision.ID]
	if !known {
		c.decisions[decision.ID] = v1.Answer{Decision: decision}
	}
	c.mu.Unlock()
	if known {
		return
	}
	c.timers.Add(1)
	time.AfterFunc(c.DecideAfter, func() {
		defer c.timers.Done()
		c.decide(decision)
	})
}

func (c *Core) decide(decision v1.Decision) {
	result := v1.DecisionResult{Code: v1.CodeCounted, Message: "Your review was recorded."}
	if c.Decide != nil {
		result = c.Decide(decision)
	}
	c.mu.Lock()
	c.decisions[decision.ID] = v1.Answer{Decision: decision, Result: result}
	listeners := slices.Collect(maps.Values(c.listeners))
	late := c.DecideAfter > 0
	c.mu.Unlock()
	for _, receive := range listeners {
		receive(broker.ResultSubject(c.plugin, decision.ID), encode(result))
	}
	if late {
		c.publishEvent(v1.EventAnswer, decision.RequestID, 0, v1.Answer{Decision: decision, Result: result})
	}
}

func sortedTrue(set map[string]bool) []string {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if set[key] {
			keys = append(keys, key)
		}
	}
	return keys
}
