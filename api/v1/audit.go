package v1

import (
	"encoding/json"
	"time"
)

// AuditEntry says who did what, or tried to: actions that were refused end in "_refused". Entries are never changed.
type AuditEntry struct {
	// Seq rises with every entry.
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// Actor is the name of a person; empty if nobody was known, or if time or the core itself acted.
	Actor string `json:"actor,omitempty"`
	// Identity is the vendor account that spoke for the actor, when it came through a plugin.
	Identity *Identity `json:"identity,omitempty"`
	// Action names what was done, such as "request.review" or "role.apply".
	Action    string `json:"action"`
	RequestID string `json:"request_id,omitempty"`
	// Via is the door it came through: cli, api, web, the name of a plugin, or empty for the core itself.
	Via string `json:"via,omitempty"`
	// PolicyVersion is the version of the roles that held; it rises with every change of a role.
	PolicyVersion int64 `json:"policy_version"`
	// Detail is a JSON object that tells the rest, with what was before and after where that matters.
	Detail json.RawMessage `json:"detail"`
}

// AuditPage is a page of audit entries; a zero Next ends the list.
type AuditPage struct {
	Entries []AuditEntry `json:"entries"`
	Next    int64        `json:"next,omitempty"`
}
