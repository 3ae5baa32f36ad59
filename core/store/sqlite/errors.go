package sqlite

import (
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/accede/accede/core"
)

// ErrClosed is what a store returns after [Store.Close].
var ErrClosed = errors.New("the store is closed")

// translate turns a driver's error into one that callers tell apart, or into a sentence that says what to do.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return core.ErrNotFound
	}
	failure, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return err
	}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return core.ErrConflict
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return core.ErrNotFound
	}
	return explain(failure)
}

// explain adds to a failure of the disk or the file what an operator can do about it.
func explain(failure *driver.Error) error {
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk is full, nothing of this was stored; make room in the data directory: %w", failure)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("the disk failed; check the data directory's file system: %w", failure)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("the data directory cannot be written; check its owner and permissions: %w", failure)
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("the file is not an Accede store; move it away or choose another data directory: %w", failure)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("the store is damaged; stop the core and restore the last backup: %w", failure)
	}
	return failure
}

// expected says whether a translated error is an answer rather than a failure of the store.
func expected(err error) bool {
	return errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrConflict)
}
