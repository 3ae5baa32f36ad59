package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	// The driver registers itself with database/sql.
	_ "modernc.org/sqlite"

	"github.com/accede/accede/core"
)

// FileName is the store's file in the data directory.
const FileName = "accede.db"

// Options say where the store is and who hears about it.
type Options struct {
	// Dir is the data directory. It is made if it does not exist, and belongs to one process at a time.
	Dir    string
	Logger *slog.Logger
	// Readers is how many views can run at once; zero takes one per processor, and four at least.
	Readers int
}

// Store is a [core.Store] in one SQLite file.
type Store struct {
	path    string
	log     *slog.Logger
	lock    *os.File
	write   *sql.DB
	read    *sql.DB
	readers chan *session
	queue   chan *job
	// closing ends the writer; written is closed when it has ended.
	closing chan struct{}
	written chan struct{}
	close   func() error
}

var _ core.Store = (*Store)(nil)

// Open opens the store in a data directory, and makes or upgrades it if need be. The errors say what is wrong with the
// directory or the file and what to do.
func Open(ctx context.Context, options Options) (*Store, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Readers <= 0 {
		options.Readers = max(4, runtime.GOMAXPROCS(0))
	}
	if err := makeDir(options.Dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(options.Dir)
	if err != nil {
		return nil, err
	}
	store := &Store{
		path: filepath.Join(options.Dir, FileName), log: options.Logger, lock: lock,
		readers: make(chan *session, options.Readers),
		queue:   make(chan *job, maxBatch), closing: make(chan struct{}), written: make(chan struct{}),
	}
	store.close = sync.OnceValue(store.shutDown)
	if err := store.start(ctx); err != nil {
		return nil, errors.Join(err, store.release())
	}
	return store, nil
}

// makeDir makes the data directory for its owner only; one that exists keeps its permissions.
func makeDir(dir string) error {
	if dir == "" {
		return errors.New("no data directory is configured")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory %s cannot be made: %w; check the owner and permissions of its parent", dir, err)
	}
	return nil
}

func (s *Store) start(ctx context.Context) error {
	if err := prepareFile(s.path); err != nil {
		return err
	}
	var err error
	if s.write, err = sql.Open("sqlite", address(s.path, writerPragmas())); err != nil {
		return fmt.Errorf("opening store %s: %w", s.path, err)
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(ctx, s.write, s.path); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", address(s.path, readerPragmas())); err != nil {
		return fmt.Errorf("opening store %s: %w", s.path, err)
	}
	for range cap(s.readers) {
		reader, err := openSession(ctx, s.read)
		if err != nil {
			return err
		}
		s.readers <- reader
	}
	writer, err := openSession(ctx, s.write)
	if err != nil {
		return err
	}
	go s.writeAll(writer) //nolint:contextcheck // it outlives the opening
	return nil
}

// writerPragmas set up the writer's connection. The log is copied into the file when it has 16 MB: pages that every commit
// touches are then copied once for many commits.
func writerPragmas() []string {
	return []string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "wal_autocheckpoint(4000)",
		"cache_size(-16384)", "temp_store(MEMORY)", "trusted_schema(0)",
	}
}

// readerPragmas set up a connection for views.
func readerPragmas() []string {
	return []string{
		"busy_timeout(10000)", "query_only(1)", "cache_size(-8192)", "temp_store(MEMORY)", "trusted_schema(0)",
	}
}

func address(path string, pragmas []string) string {
	query := url.Values{"_pragma": pragmas}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

// prepareFile makes a missing file for its owner only, and recognises one that is no SQLite file before SQLite touches it.
func prepareFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return fmt.Errorf("store %s cannot be opened: %w; check its owner and permissions", path, err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	header := make([]byte, 16)
	n, err := io.ReadFull(file, header)
	if n > 0 && (err != nil || !bytes.Equal(header, []byte("SQLite format 3\x00"))) {
		return fmt.Errorf("%s is not an Accede store; move it away or choose another data directory", path)
	}
	if err := file.Chmod(0o600); err != nil {
		return fmt.Errorf("protecting store %s: %w", path, err)
	}
	return nil
}

// Close waits for running transactions, copies the log into the file and gives the data directory back. Calls after the
// first return what the first returned.
func (s *Store) Close() error { return s.close() }

func (s *Store) shutDown() error {
	close(s.closing)
	<-s.written
	return s.release()
}

// release closes whatever was opened.
func (s *Store) release() error {
	var errs []error
	for range s.idleReaders() {
		errs = append(errs, (<-s.readers).close())
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// idleReaders is how many reader sessions release has to wait for: all of them once the store has started.
func (s *Store) idleReaders() int {
	select {
	case <-s.closing:
		return cap(s.readers)
	default:
		return len(s.readers)
	}
}
