package sqlite

import (
	"context"
	"errors"

	"github.com/accede/accede/core"
)

// View implements [core.Store]. fn runs on the caller's goroutine and must not call the store itself; while all readers
// are busy View waits for one.
func (s *Store) View(ctx context.Context, fn func(core.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closing:
		return ErrClosed
	default:
	}
	select {
	case session := <-s.readers:
		return s.view(session, fn) //nolint:contextcheck // statements run under no caller's context, see session
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) view(session *session, fn func(core.Reader) error) (err error) {
	defer func() {
		session.failure = nil
		if end := session.do("ROLLBACK"); end != nil {
			err = errors.Join(err, end)
		}
		session.failure = nil
		s.readers <- session
	}()
	if err := session.do("BEGIN"); err != nil {
		return err
	}
	return fn(&reader{session})
}
