package teams

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

// reference is where a person can be written to. It is learned from what Teams tells the bot and cannot be asked for
// later, so it is kept in the notebook.
type reference struct {
	// Conversation is the bot's chat with the person; empty while only the account is known.
	Conversation string `json:"conversation,omitempty"`
	// Account is the person as this bot must call them.
	Account string `json:"account,omitempty"`
	Service string `json:"service,omitempty"`
}

// merge takes over what other knows and r does not.
func (r reference) merge(other reference) reference {
	if r.Conversation == "" {
		r.Conversation = other.Conversation
	}
	if r.Account == "" {
		r.Account = other.Account
	}
	if r.Service == "" {
		r.Service = other.Service
	}
	return r
}

const (
	// maxRemembered bounds what one process holds of the notebook, heldFor how long it does before it looks again: another
	// replica may have learned better.
	maxRemembered = 5000
	heldFor       = 5 * time.Minute
)

// memory is the notebook as this plugin uses it: references to people and the service address of each tenant. What this
// process wrote or read last is held, so that a click costs no call unless something changed.
type memory struct {
	// notebook is nil where nothing outlives the process.
	notebook  plugins.Notebook
	connector string
	services  serviceHosts
	log       *slog.Logger
	now       func() time.Time

	mu    sync.Mutex
	known map[string]held
}

type held struct {
	value string
	since time.Time
}

func newMemory(notebook plugins.Notebook, connector string, services serviceHosts, now func() time.Time, log *slog.Logger) *memory {
	return &memory{notebook: notebook, connector: connector, services: services, log: log, now: now, known: map[string]held{}}
}

func serviceKey(tenant string) string { return "service/" + strings.ToLower(tenant) }

// service is the address by which a tenant is served.
func (m *memory) service(ctx context.Context, tenant string) string {
	if known := m.recall(ctx, serviceKey(tenant)); known != "" && m.services.allow(known) {
		return known
	}
	return m.connector
}

// learnService remembers a tenant's address from a verified activity.
func (m *memory) learnService(ctx context.Context, tenant, service string) {
	m.keep(ctx, serviceKey(tenant), service)
}

// person returns what is known of a person, the zero reference if nothing is.
func (m *memory) person(ctx context.Context, tenant, oid string) reference {
	var r reference
	if text := m.recall(ctx, personPlace(tenant, oid)); text != "" {
		if err := json.Unmarshal([]byte(text), &r); err != nil || r.Service != "" && !m.services.allow(r.Service) {
			return reference{}
		}
	}
	if r.Service == "" {
		r.Service = m.service(ctx, tenant)
	}
	return r
}

// learn adds to what is known of a person.
func (m *memory) learn(ctx context.Context, tenant, oid string, news reference) {
	if !guid.MatchString(tenant) || !guid.MatchString(oid) {
		return
	}
	m.write(ctx, tenant, oid, news.merge(m.person(ctx, tenant, oid)))
}

// unlearn forgets the chat with a person, but not who they are: the app may come back.
func (m *memory) unlearn(ctx context.Context, tenant, oid string) {
	known := m.person(ctx, tenant, oid)
	known.Conversation = ""
	m.write(ctx, tenant, oid, known)
}

func (m *memory) write(ctx context.Context, tenant, oid string, r reference) {
	encoded, err := json.Marshal(r)
	if err == nil && len(encoded) <= plugins.MaxNotebookValue {
		m.keep(ctx, personPlace(tenant, oid), string(encoded))
	}
}

// recall looks into the notebook, now and then.
func (m *memory) recall(ctx context.Context, key string) string {
	known, fresh := m.look(key)
	if m.notebook == nil || fresh {
		return known
	}
	text, err := m.notebook.Recall(ctx, key)
	if err != nil {
		m.log.Warn("notebook could not be read", "err", err)
		return known
	}
	m.hold(key, text)
	return text
}

// keep writes what changed. A failure costs nothing but having to learn it again.
func (m *memory) keep(ctx context.Context, key, value string) {
	if m.recall(ctx, key) == value {
		return
	}
	m.hold(key, value)
	if m.notebook == nil {
		return
	}
	if err := m.notebook.Keep(ctx, key, value); err != nil {
		m.hold(key, "")
		m.log.Warn("notebook could not be written", "err", err)
	}
}

func (m *memory) look(key string) (value string, fresh bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.known[key]
	return found.value, ok && m.now().Sub(found.since) < heldFor
}

// hold remembers a value; that there is none is not remembered.
func (m *memory) hold(key, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value == "" {
		delete(m.known, key)
		return
	}
	if len(m.known) >= maxRemembered {
		clear(m.known)
	}
	m.known[key] = held{value: value, since: m.now()}
}
