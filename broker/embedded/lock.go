package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const lockName = "accede-broker.lock"

// dirLock keeps a second server, in this or another process, from using the same directory. The system releases it
// when the process dies.
type dirLock struct {
	file *os.File
}

func lockDir(dir string) (*dirLock, error) {
	if dir == "" {
		return nil, errors.New("the broker needs a directory")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("broker directory %s cannot be made: %w; name another one or mend its permissions", dir, err)
	}
	//nolint:gosec // the operator names the directory
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("broker directory %s is not writable: %w; mend its permissions or its owner", dir, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(
			fmt.Errorf("broker directory %s is in use by another acceded; stop it or name another directory", dir),
			file.Close())
	}
	return &dirLock{file: file}, nil
}

func (l *dirLock) release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("unlocking the directory: %w", err)
	}
	return nil
}
