package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// session is what `accede login` stores.
type session struct {
	Server  string    `json:"server"`
	Name    string    `json:"name"`
	Token   string    `json:"token"`
	Expires time.Time `json:"expires,omitzero"`
}

func (a *app) sessionPath() (string, error) {
	if dir := a.env.Getenv("ACCEDE_CONFIG_DIR"); dir != "" {
		return filepath.Join(dir, "session.json"), nil
	}
	base := a.env.Getenv("XDG_CONFIG_HOME")
	if base == "" {
		home := a.env.Getenv("HOME")
		if home == "" {
			return "", errors.New("there is no place for the session: set HOME or ACCEDE_CONFIG_DIR")
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "accede", "session.json"), nil
}

// loadSession returns the zero session if there is none.
func (a *app) loadSession() (session, error) {
	path, err := a.sessionPath()
	if err != nil {
		return session{}, nil //nolint:nilerr // without a place there is no session; flags and environment may do
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return session{}, nil
	}
	if err != nil {
		return session{}, fileError(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return session{}, fmt.Errorf("%s holds your token and others can read it: run `chmod 600 %s`, or `accede login` again", path, path)
	}
	data, err := a.readFile(path, maxSecretFile)
	if err != nil {
		return session{}, err
	}
	var stored session
	if err := json.Unmarshal(data, &stored); err != nil {
		return session{}, fmt.Errorf("%s is damaged: remove it and run `accede login`", path)
	}
	return stored, nil
}

// saveSession writes the session where only its owner can read it, all of it or nothing.
func (a *app) saveSession(stored session) error {
	path, err := a.sessionPath()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(stored, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding session: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fileError(err)
	}
	return writePrivate(path, append(data, '\n'))
}

// writePrivate replaces a file by one that only its owner can read.
func writePrivate(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".accede-*") // made with mode 0600
	if err != nil {
		return fileError(err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // gone already when all went well
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		return fileError(err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

func (a *app) removeSession() error {
	path, err := a.sessionPath()
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError(err)
	}
	return nil
}
