package plugins

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
)

// Limits of a [Notebook]. The core keeps them.
const (
	// MaxNotebookKey and MaxNotebookValue bound one entry, in bytes.
	MaxNotebookKey   = v1.MaxNotebookKey
	MaxNotebookValue = v1.MaxNotebookValue
	// MaxNotebookEntries bounds the entries of one plugin; beyond it the entry that was kept longest ago goes.
	MaxNotebookEntries = v1.MaxNotebookEntries
)

// Notebook keeps what a plugin has learned from its vendor and cannot ask for again, such as where a person can be
// written to. The core stores it, so that it outlives the process and every replica reads the same. It is no place for
// secrets, nor for anything that a decision depends on.
type Notebook interface {
	// Keep stores a value under a key in place of what was there; an empty value deletes the entry. When it returns nil the
	// entry is on disk.
	Keep(ctx context.Context, key, value string) error
	// Recall returns what was kept last, the empty text if nothing was.
	Recall(ctx context.Context, key string) (string, error)
}
