package sqlite

import "github.com/accede/accede/core"

// reader answers from one snapshot.
type reader struct{ *session }

// tx also writes.
type tx struct{ reader }

var (
	_ core.Reader = (*reader)(nil)
	_ core.Tx     = (*tx)(nil)
)
