package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/store/sqlite"
)

// refuse opens a store that must not open and checks that the error says all of words.
func refuse(t *testing.T, dir string, words ...string) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err == nil {
		t.Fatalf("it opened; closing: %v", store.Close())
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not say %q", err, word)
		}
	}
}

// closedStore returns a data directory with a store that was closed.
func closedStore(t *testing.T) (dir, file string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, sqlite.FileName)
}

// openRaw opens the file past the store, as anybody with a copy of SQLite can.
func openRaw(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func execute(t *testing.T, file, statement string) {
	t.Helper()
	db := openRaw(t, file)
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRefusesNewerStore(t *testing.T) {
	dir, file := closedStore(t)
	execute(t, file, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)")
	refuse(t, dir, file, "newer version of Accede", "restore a backup")
}

func TestRefusesOtherFiles(t *testing.T) {
	for name, content := range map[string]string{"text": "this is no database at all", "short": "SQLite"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, sqlite.FileName)
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			refuse(t, dir, file, "not an Accede store", "move it away")
			kept, err := os.ReadFile(file)
			if err != nil || string(kept) != content {
				t.Errorf("the file now holds %q (%v)", kept, err)
			}
		})
	}
}

func TestRefusesDatabaseOfAnotherProgram(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, sqlite.FileName)
	execute(t, file, "CREATE TABLE bookmarks (url TEXT)")
	refuse(t, dir, file, "another program", "move it away")
}

func TestRefusesSecondProcess(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	refuse(t, dir, dir, "in use by another process", "stop it")
}

func TestRefusesDirectoryThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refuse(t, filepath.Join(file, "data"), "cannot be made", "permissions")
	refuse(t, "", "no data directory")
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(filepath.Join(dir, sqlite.FileName), 0o700); err != nil {
		t.Fatal(err)
	}
	refuse(t, dir, "cannot be opened", "permissions")
}

func TestOpensOddPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%20e&f=ü")
	open(t, dir)
	if _, err := os.Stat(filepath.Join(dir, sqlite.FileName)); err != nil {
		t.Error(err)
	}
}

func TestProtectsFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	store := open(t, dir)
	if err := create(store, t); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range append(entries, nil) {
		path, want := dir, os.FileMode(0o700)
		if entry != nil {
			path, want = filepath.Join(dir, entry.Name()), 0o600
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has permissions %v, want %v", path, info.Mode().Perm(), want)
		}
	}
	if len(entries) < 3 {
		t.Errorf("found only %v", entries)
	}
}

func all(t *testing.T, store core.Store) (requests []v1.Request, audit []core.AuditEntry, events []core.OutboxEntry) {
	t.Helper()
	err := store.View(t.Context(), func(r core.Reader) (err error) {
		if requests, err = r.Requests(core.RequestFilter{}); err != nil {
			return err
		}
		if audit, err = r.Audit(core.AuditFilter{OldestFirst: true}); err != nil {
			return err
		}
		events, err = r.Outbox(0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return requests, audit, events
}

func TestKeepsEverythingWhenReopened(t *testing.T) {
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := create(store, t); err != nil {
			t.Fatal(err)
		}
	}
	requests, audit, events := all(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, sqlite.FileName+"-wal")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("closing left the log behind: %v", err)
	}
	again := open(t, dir)
	requests2, audit2, events2 := all(t, again)
	for _, diff := range []string{cmp.Diff(requests, requests2), cmp.Diff(audit, audit2), cmp.Diff(events, events2)} {
		if diff != "" {
			t.Errorf("reopening changed (-before +after):\n%s", diff)
		}
	}
	if len(requests) != 10 || len(audit) != 10 || len(events) != 10 {
		t.Errorf("stored %d requests, %d audit entries, %d events", len(requests), len(audit), len(events))
	}
}

func TestBacksUp(t *testing.T) {
	store := open(t, t.TempDir())
	if err := create(store, t); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, sqlite.FileName)
	if err := store.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := store.Backup(t.Context(), path); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("a second backup over the first gave %v", err)
	}
	if err := store.Backup(t.Context(), filepath.Join(dir, "none", "x")); err == nil {
		t.Error("a backup into no directory succeeded")
	}
	if err := create(store, t); err != nil {
		t.Fatal(err)
	}
	restored, _, _ := all(t, open(t, dir))
	if len(restored) != 1 {
		t.Errorf("the backup holds %d requests, want 1", len(restored))
	}
}

func TestAuditCannotBeRewritten(t *testing.T) {
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(create(store, t), store.Close()); err != nil {
		t.Fatal(err)
	}
	db := openRaw(t, filepath.Join(dir, sqlite.FileName))
	for _, statement := range []string{
		"DELETE FROM audit", "UPDATE audit SET actor = 'mallory'",
		"REPLACE INTO audit (seq, at, actor, action, request_id, via, detail) VALUES (1, 1, 'm', '', '', '', x'')",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "audit entries are never") {
			t.Errorf("%s gave %v", statement, err)
		}
	}
}
