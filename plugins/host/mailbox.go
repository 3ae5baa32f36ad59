package host

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	v1 "github.com/accede/accede/api/v1"
)

// mailbox hands results of decisions to whoever waits for them.
type mailbox struct {
	mu      sync.Mutex
	waiting map[string][]chan v1.DecisionResult
}

func newMailbox() *mailbox { return &mailbox{waiting: map[string][]chan v1.DecisionResult{}} }

func (m *mailbox) expect(id string) chan v1.DecisionResult {
	m.mu.Lock()
	defer m.mu.Unlock()
	results := make(chan v1.DecisionResult, 1)
	m.waiting[id] = append(m.waiting[id], results)
	return results
}

func (m *mailbox) forget(id string, results chan v1.DecisionResult) {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := slices.DeleteFunc(m.waiting[id], func(c chan v1.DecisionResult) bool { return c == results })
	m.waiting[id] = left
	if len(left) == 0 {
		delete(m.waiting, id)
	}
}

// receive takes one result as it comes from the broker; the decision's id is the last part of the subject.
func (m *mailbox) receive(subject string, data []byte) {
	var result v1.DecisionResult
	if err := json.Unmarshal(data, &result); err != nil || result.Code == "" || result.Code == v1.CodeRecorded {
		return
	}
	id := subject[strings.LastIndexByte(subject, '.')+1:]
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, results := range m.waiting[id] {
		select {
		case results <- result:
		default: // it has one already
		}
	}
}

// errBusy refuses work that cannot be bounded otherwise.
var errBusy = errors.New("too many clicks at once; please click again in a while")

// workGroup runs work that outlives the call that started it, bounded in number, and waits for it.
type workGroup struct {
	ctx   context.Context //nolint:containedctx // the work belongs to the host's life, not to any caller's
	slots chan struct{}
	wg    sync.WaitGroup
}

func newWorkGroup(ctx context.Context, most int) *workGroup {
	return &workGroup{ctx: ctx, slots: make(chan struct{}, most)}
}

func (g *workGroup) start(do func(ctx context.Context)) error {
	select {
	case g.slots <- struct{}{}:
	default:
		return errBusy
	}
	g.wg.Go(func() {
		defer func() { <-g.slots }()
		do(g.ctx)
	})
	return nil
}

func (g *workGroup) wait() { g.wg.Wait() }
