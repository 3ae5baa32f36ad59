package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// session is one connection with the statements prepared on it. It serves one goroutine at a time.
type session struct {
	conn  *sql.Conn
	ready map[string]*sql.Stmt
	// failure is the first error of the running transaction that is no answer. After it nothing more is tried: SQLite may
	// have rolled the transaction back by itself, and what came then would be committed alone.
	failure error
	// writes counts the statements that may have changed something.
	writes int
}

func openSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening connection: %w", translate(err))
	}
	return &session{conn: conn, ready: map[string]*sql.Stmt{}}, nil
}

func (s *session) close() error {
	errs := make([]error, 0, len(s.ready)+1)
	for _, stmt := range s.ready {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// statement returns the prepared form of query. Statements run under no caller's context: one that is interrupted would
// take the transactions of others with it, and all of them are short.
func (s *session) statement(query string) (*sql.Stmt, error) {
	if s.failure != nil {
		return nil, s.failure
	}
	if stmt, ok := s.ready[query]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, s.judge(err)
	}
	s.ready[query] = stmt
	return stmt, nil
}

// judge translates an error and remembers it if it ends the transaction.
func (s *session) judge(err error) error {
	err = translate(err)
	if err != nil && !expected(err) {
		s.failure = err
	}
	return err
}

// exec runs a statement and returns how many rows it changed.
func (s *session) exec(query string, args ...any) (int64, error) {
	stmt, err := s.statement(query) //nolint:sqlclosecheck // close closes it with the session
	if err != nil {
		return 0, err
	}
	result, err := stmt.Exec(args...) //nolint:noctx // see statement
	if err != nil {
		return 0, s.judge(err)
	}
	s.writes++
	return result.RowsAffected()
}

// do runs a statement whose count does not matter.
func (s *session) do(query string, args ...any) error {
	_, err := s.exec(query, args...)
	return err
}

// must runs a statement that has to change a row; core.ErrNotFound if it does not.
func (s *session) must(query string, args ...any) error {
	changed, err := s.exec(query, args...)
	if err == nil && changed == 0 {
		return translate(sql.ErrNoRows)
	}
	return err
}

// scanner is a row to be read.
type scanner interface{ Scan(dest ...any) error }

// get reads one row; core.ErrNotFound if there is none.
func (s *session) get(read func(scanner) error, query string, args ...any) error {
	stmt, err := s.statement(query) //nolint:sqlclosecheck // close closes it with the session
	if err != nil {
		return err
	}
	return s.judge(read(stmt.QueryRow(args...))) //nolint:noctx // see statement
}

// each reads every row.
func (s *session) each(read func(scanner) error, query string, args ...any) error {
	stmt, err := s.statement(query) //nolint:sqlclosecheck // close closes it with the session
	if err != nil {
		return err
	}
	rows, err := stmt.Query(args...) //nolint:noctx // see statement
	if err != nil {
		return s.judge(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return s.judge(err)
		}
	}
	return s.judge(rows.Err())
}

// one reads a row into a value.
func one[T any](s *session, read func(scanner) (T, error), query string, args ...any) (value T, err error) {
	err = s.get(func(row scanner) (err error) {
		value, err = read(row)
		return err
	}, query, args...)
	return value, err
}

// many reads rows into a list, which is empty rather than nil if there are none.
func many[T any](s *session, read func(scanner) (T, error), query string, args ...any) ([]T, error) {
	list := make([]T, 0, 8)
	err := s.each(func(row scanner) error {
		value, err := read(row)
		list = append(list, value)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return list, nil
}
