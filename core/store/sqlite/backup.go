package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Backup writes a consistent copy of the store to a new file while work goes on. The file appears when it is complete.
func (s *Store) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("backup %s exists already; choose another name", path)
	}
	partial := path + ".partial"
	file, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("making backup: %w", err)
	}
	err = s.copyTo(ctx, partial)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(partial, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("making backup %s: %w", path, err), os.Remove(partial))
	}
	return nil
}

func (s *Store) copyTo(ctx context.Context, path string) error {
	select {
	case session := <-s.readers:
		defer func() { s.readers <- session }()
		return session.copyTo(ctx, path)
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// copyTo allows the session what looks like writing for as long as it takes.
func (s *session) copyTo(ctx context.Context, path string) (err error) {
	if _, err := s.conn.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil {
		return translate(err)
	}
	defer func() {
		_, restored := s.conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = 1")
		err = errors.Join(err, translate(restored))
	}()
	_, err = s.conn.ExecContext(ctx, "VACUUM INTO ?", path)
	return translate(err)
}
