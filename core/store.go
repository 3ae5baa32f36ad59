package core

import (
	"context"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// Store keeps everything that must not be lost.
type Store interface {
	// View runs fn on one consistent snapshot.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn in a transaction that commits when fn returns nil, and returns once the commit is on disk. Updates run
	// one after the other. A store may run fn again, so fn has no effect but on the transaction. After an error nothing of
	// fn remains.
	Update(ctx context.Context, fn func(Tx) error) error
	// Close waits for running transactions.
	Close() error
}

// Reader reads. Single records that do not exist give [ErrNotFound]. Returned values belong to the caller.
type Reader interface {
	PasskeyReader

	Request(id string) (v1.Request, error)
	// Requests lists newest first, unless the filter says otherwise.
	Requests(filter RequestFilter) ([]v1.Request, error)
	// PendingLike returns the newest pending request of a person with this fingerprint of its ask.
	PendingLike(person, ask string) (v1.Request, error)
	// Scan looks at what [Reader.Requests] lists and returns those that are wanted. It tells the id of the last one that it
	// has looked at, to go on from there; empty at the end of the list.
	Scan(filter RequestFilter, wanted func(Glance) bool) (found []v1.Request, last string, err error)
	// Pending lists pending requests, oldest first after the one with the given id, whose roles are wanted.
	Pending(after string, limit int, wanted func(roles []string) bool) ([]v1.Request, error)
	// Granted lists, newest first, a person's requests whose access was granted and has not ended.
	Granted(person string, limit int) ([]v1.Request, error)
	// Due lists requests whose deadline has come: pending ones past their expiry, approved ones whose access is over.
	Due(now time.Time, limit int) ([]v1.Request, error)

	// Person finds by name, or by e-mail address whatever its case.
	Person(nameOrEmail string) (PersonRecord, error)
	People() ([]v1.Person, error)
	Role(name string) (v1.Role, error)
	Roles() ([]v1.Role, error)
	// PolicyVersion rises with every change of a role.
	PolicyVersion() (int64, error)
	TokenByHash(hash string) (v1.Token, error)
	// Tokens lists the tokens of a person, or of everybody if person is empty.
	Tokens(person string) ([]v1.Token, error)
	Link(identity v1.Identity) (v1.Link, error)
	// Links lists the links of a person, or of everybody if person is empty.
	Links(person string) ([]v1.Link, error)
	LinkCode(hash string) (LinkCode, error)

	Plugin(name string) (PluginRecord, error)
	Plugins() ([]PluginRecord, error)
	Delivery(plugin string, key v1.DeliveryKey) (v1.Delivery, error)
	// Deliveries lists a plugin's deliveries in one state.
	Deliveries(plugin, state string, limit int) ([]v1.Delivery, error)
	// RequestDeliveries lists the deliveries of one request in order of id: a plugin's, or those of all registered plugins
	// if plugin is empty.
	RequestDeliveries(requestID, plugin string) ([]v1.Delivery, error)
	// OpenCards lists, in order of id after the given one, a plugin's posted cards of pending requests.
	OpenCards(plugin, after string, limit int) ([]v1.Delivery, error)
	DeliveryCounts(plugin string) (map[string]int64, error)
	// DueDeliveries lists, in order of id after the given one, deliveries whose next try has come or whose lease ran out,
	// and whose destination is not paused.
	DueDeliveries(plugin string, now time.Time, after string, limit int) ([]v1.Delivery, error)
	// Unsettled lists, in order of id after the given one, requests a plugin should look at: pending ones, ones it shows at
	// an older version, and ones updated since the given time.
	Unsettled(plugin string, since time.Time, after string, limit int) ([]v1.Request, error)
	// Pause returns until when a destination is paused; the zero time if it is not.
	Pause(plugin, destination string) (time.Time, error)
	// NotebookEntry returns what a plugin has kept under a key, the empty text if nothing.
	NotebookEntry(plugin, key string) (string, error)

	// Outbox lists events not published yet, oldest first.
	Outbox(limit int) ([]OutboxEntry, error)
	// Events lists events after the one with the given id, oldest first, published or not; of one request if its id is not
	// empty. Ids rise in the order of commits.
	Events(after, requestID string, limit int) ([]OutboxEntry, error)
	Action(id string) (ActionRecord, error)
	Idempotency(person, key string) (IdempotencyRecord, error)
	// Audit lists entries newest first, unless the filter says otherwise.
	Audit(filter AuditFilter) ([]AuditEntry, error)
	Relay() (RelayState, error)
}

// Tx reads and writes inside one transaction, and reads its own writes.
type Tx interface {
	Reader
	PasskeyTx

	// InsertRequest stores a new request with what it asks, see [AskOf].
	InsertRequest(request v1.Request, ask string) error
	// SaveRequest replaces the request whose version is one less; [ErrConflict] if the stored one has another version.
	SaveRequest(request v1.Request) error

	// SavePerson inserts or replaces. [ErrConflict] if another person has the e-mail address.
	SavePerson(person PersonRecord) error
	SaveRole(role v1.Role) error
	DeleteRole(name string) error
	InsertToken(token v1.Token, hash string) error
	TouchToken(id string, used time.Time) error
	DeleteToken(id string) error
	// InsertLink gives [ErrConflict] if the identity is linked already.
	InsertLink(link v1.Link) error
	DeleteLink(identity v1.Identity) error
	SaveLinkCode(code LinkCode) error
	DeleteLinkCode(hash string) error

	SavePlugin(plugin PluginRecord) error
	DeletePlugin(name string) error
	SaveDelivery(delivery v1.Delivery) error
	DeleteDelivery(id string) error
	SavePause(plugin, destination string, until time.Time) error
	// SaveNotebookEntry replaces an entry of a plugin's notebook, or deletes it if the value is empty. Of more than most
	// entries those that were kept longest ago go.
	SaveNotebookEntry(plugin, key, value string, kept time.Time, most int) error

	AddToOutbox(entry OutboxEntry) error
	MarkPublished(ids []string, at time.Time) error
	InsertAction(action ActionRecord) error
	InsertIdempotency(record IdempotencyRecord) error
	AppendAudit(entry AuditEntry) error
	SaveRelay(state RelayState) error
	// Prune deletes what only served for a while: published events, idempotency records, link codes, tokens that ended and
	// pauses older than before. It deletes a bounded number at a time and returns how many went: call it until it returns zero.
	Prune(before time.Time) (int64, error)
}

// RequestFilter narrows a list of requests. Zero fields do not narrow.
type RequestFilter struct {
	States    []v1.State
	Requester string
	// Reviewer is somebody who has reviewed or was suggested.
	Reviewer string
	// Involved is somebody who has asked or reviewed, or was suggested.
	Involved string
	Role     string
	// Since and Until bound when the request was made: at or after Since, and before Until. Stores compare whole microseconds.
	Since, Until time.Time
	// Text is searched for in what [SearchText] gives of a request, whatever the case and the spacing.
	Text string
	// Before continues a list after the request with this id.
	Before string
	Limit  int
}

// Glance is what a store knows of a request without reading it.
type Glance struct {
	Requester string
	Roles     []string
	// Reviewers have reviewed the request or were suggested for it.
	Reviewers []string
}

// PersonRecord is a person with what must not leave the store.
type PersonRecord struct {
	v1.Person
	// PasswordHash is an argon2id hash in PHC form; empty means no password sign-in.
	PasswordHash string
}

// LinkCode is a one-time code by which a person claims a vendor account. Only its hash is kept.
type LinkCode struct {
	Hash     string
	Identity v1.Identity
	UserName string
	Expires  time.Time
}

// PluginRecord is a plugin that may connect.
type PluginRecord struct {
	Name      string
	PublicKey string
	// ButtonKey seals what the plugin's buttons carry. It stays when the credential is replaced, so that the cards that are
	// out keep working.
	ButtonKey string
	Created   time.Time
	// Synced is when the plugin last finished looking at everything.
	Synced time.Time
}

// OutboxEntry is an event to be published.
type OutboxEntry struct {
	ID        string
	Subject   string
	Body      []byte
	RequestID string
	Created   time.Time
}

// ActionRecord is a decision that was dealt with, and its result.
type ActionRecord struct {
	ID      string
	Plugin  string
	Answer  v1.Answer
	Created time.Time
}

// IdempotencyRecord is the stored answer to a POST.
type IdempotencyRecord struct {
	Person string
	Key    string
	// Digest identifies what was asked; another ask under the same key is refused.
	Digest  string
	Status  int
	Body    []byte
	Created time.Time
}

// AuditEntry says who did what, in words that stand without any other record. Seq is given by the store.
type AuditEntry struct {
	Seq   int64
	At    time.Time
	Actor string
	// Identity is the vendor account that spoke for the actor, when it came through a plugin.
	Identity  *v1.Identity
	Action    string
	RequestID string
	Via       string
	// Policy is the version of the roles that held.
	Policy int64
	// Detail is a JSON object.
	Detail []byte
}

// AuditFilter narrows a list of audit entries. Zero fields do not narrow.
type AuditFilter struct {
	Actor string
	// Action is the name of an action; a * in it stands for any characters.
	Action    string
	RequestID string
	// Since and Until bound the time: at or after Since, and before Until. Stores compare whole microseconds.
	Since, Until time.Time
	OldestFirst  bool
	// Cursor continues a list after the entry with this number.
	Cursor int64
	Limit  int
}

// RelayState is what the core remembers of the broker, to notice when it lost its memory.
type RelayState struct {
	StreamCreated time.Time
	LastSequence  uint64
	Epoch         int64
}
