package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	v1 "github.com/accede/accede/api/v1"
)

// adminCredential is the content of the first administrator's file.
type adminCredential struct {
	Server string `json:"server"`
	Name   string `json:"name"`
	Token  string `json:"token"`
}

// bootstrap makes the first administrator at the first start and writes the credential where only the owner of the data
// directory can read it.
func (a *App) bootstrap(ctx context.Context) error {
	secret, created, err := a.service.Bootstrap(ctx)
	if err != nil {
		return fmt.Errorf("making the first administrator: %w", err)
	}
	if !created {
		return nil
	}
	if err := writeCredential(a.config, a.URL(), secret); err != nil {
		return err
	}
	a.logger.InfoContext(ctx, "made the first administrator; sign in with the credential in this file, then delete it",
		"file", a.config.adminFile(), "person", secret.Person)
	return nil
}

func writeCredential(config *Config, server string, secret v1.SecretToken) error {
	content, err := json.MarshalIndent(adminCredential{Server: server, Name: secret.Person, Token: secret.Secret}, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the administrator's credential: %w", err)
	}
	if err := writeSecret(config.adminFile(), append(content, '\n')); err != nil {
		return fmt.Errorf("writing the administrator's credential: %w; "+
			"mend this, then make a new one with `acceded credential` while the core is stopped", err)
	}
	return nil
}

// writeSecret replaces a file by one that only its owner can read.
func writeSecret(path string, content []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}
