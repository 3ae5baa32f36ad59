package v1

import "time"

// CardsRequest asks for the cards that the asking plugin has posted: those of one request, or all of pending requests.
type CardsRequest struct {
	RequestID string `json:"request_id,omitempty"`
	// Cursor continues an earlier page; only lists of everything have pages.
	Cursor string `json:"cursor,omitempty"`
	Limit  int    `json:"limit,omitempty"`
}

// CardsReply is one page of cards; an empty Next ends the list.
type CardsReply struct {
	Cards []PostedCard `json:"cards"`
	Next  string       `json:"next,omitempty"`
}

// PostedCard is a card at a vendor and the request that it shows.
type PostedCard struct {
	Request         Request `json:"request"`
	Destination     string  `json:"destination"`
	DestinationName string  `json:"destination_name,omitempty"`
	Ref             string  `json:"ref"`
	// FirstTried is when the card was first tried.
	FirstTried time.Time `json:"first_tried"`
}

// DutyRequest asks for something that one replica of a plugin does for all of them.
type DutyRequest struct {
	Duty  string `json:"duty"`
	Owner string `json:"owner"`
	// Lease is how long the owner keeps the duty without asking again.
	Lease Duration `json:"lease"`
}

// DutyReply says whether the asker has the duty.
type DutyReply struct {
	Granted bool `json:"granted"`
}

// NoteRequest puts a sentence on a pending request, for everybody who sees it. The same sentence is put there once.
type NoteRequest struct {
	RequestID string `json:"request_id"`
	Text      string `json:"text"`
}

// NoteReply answers a [NoteRequest].
type NoteReply struct {
	// Added says whether the request did not have the note yet, and was still pending.
	Added bool `json:"added,omitempty"`
}

// The account as which a plugin itself speaks, such as for somebody on call. It is linked to a service user.
const (
	ServiceTenant = "accede"
	ServiceUser   = "service"
)

// ServiceIdentity is the account as which a plugin itself speaks.
func ServiceIdentity(plugin string) Identity {
	return Identity{Plugin: plugin, Tenant: ServiceTenant, User: ServiceUser}
}

// IsService says whether a plugin itself speaks and not an account at its vendor.
func (i Identity) IsService() bool { return i.Tenant == ServiceTenant && i.User == ServiceUser }
