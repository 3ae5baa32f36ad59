package app

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/accede/accede/core/service"
	"github.com/accede/accede/core/store/sqlite"
	"github.com/accede/accede/internal/clock"
)

// NewCredential makes a new credential for the administrator "admin" and returns the file it is in. The core must not
// be running: only its owner can do this.
func NewCredential(ctx context.Context, config *Config) (file string, err error) {
	err = offline(ctx, config, func(store *sqlite.Store) error {
		people, err := service.New(service.Options{
			Store: store, Now: clock.System{}.Now, Logger: slog.New(slog.DiscardHandler), Wake: func() {},
		})
		if err != nil {
			return err
		}
		secret, err := people.Recover(ctx)
		if err != nil {
			return err
		}
		file = config.adminFile()
		return writeCredential(config, string(config.HTTP.PublicURL), secret)
	})
	return file, err
}

// Backup writes a consistent copy of the data to a new file. The core must not be running.
func Backup(ctx context.Context, config *Config, file string) error {
	return offline(ctx, config, func(store *sqlite.Store) error { return store.Backup(ctx, file) })
}

func offline(ctx context.Context, config *Config, do func(*sqlite.Store) error) error {
	store, err := sqlite.Open(ctx, sqlite.Options{Dir: config.DataDir})
	if err != nil {
		return err
	}
	err = do(store)
	if closing := store.Close(); err == nil && closing != nil {
		return fmt.Errorf("closing the store: %w", closing)
	}
	return err
}
