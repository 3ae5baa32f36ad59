package v1

// Limits of a plugin's notebook.
const (
	// MaxNotebookKey and MaxNotebookValue bound one entry, in bytes.
	MaxNotebookKey   = 256
	MaxNotebookValue = 4096
	// MaxNotebookEntries bounds the entries of one plugin; beyond it the entry that was kept longest ago goes.
	MaxNotebookEntries = 20000
)

// KeepRequest writes an entry of the asking plugin's notebook in place of what was there; an empty value deletes it.
type KeepRequest struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// KeepReply answers a [KeepRequest].
type KeepReply struct{}

// RecallRequest reads an entry of the asking plugin's notebook.
type RecallRequest struct {
	Key string `json:"key"`
}

// RecallReply answers a [RecallRequest]. The value is empty if there is no such entry.
type RecallReply struct {
	Value string `json:"value,omitempty"`
}
