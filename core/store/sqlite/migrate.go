package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks a SQLite file as an Accede store ("Acce" in ASCII).
const applicationID = 0x41636365

// migrate brings the schema to the newest version this program knows, and refuses a store from a newer program.
func migrate(ctx context.Context, db *sql.DB, path string) error {
	if err := claimFile(ctx, db, path); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("opening migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(searchMigration()))
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading schema version of %s: %w", path, translate(err))
	}
	if current > newest {
		return fmt.Errorf("store %s was written by a newer version of Accede (schema %d, this program knows %d); "+
			"start that version again, or restore a backup from before the upgrade", path, current, newest)
	}
	if current == newest {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("upgrading store %s: %w", path, translate(err))
	}
	return nil
}

// claimFile marks a new file as ours and refuses one that belongs to another program.
func claimFile(ctx context.Context, db *sql.DB, path string) error {
	var id, tables int64
	row := db.QueryRowContext(ctx, "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id")
	if err := row.Scan(&id, &tables); err != nil {
		return fmt.Errorf("opening store %s: %w", path, translate(err))
	}
	if id == applicationID {
		return nil
	}
	if id != 0 || tables != 0 {
		return fmt.Errorf("%s is the database of another program; move it away or choose another data directory", path)
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return fmt.Errorf("preparing store %s: %w", path, translate(err))
	}
	return nil
}
