package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const lockName = "accede.lock"

// lockDir takes the data directory for this process. The kernel gives it back when the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return nil, fmt.Errorf("data directory %s cannot be written: %w; check its owner and permissions", dir, err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, noteHolder(file)
	}
	holder := readHolder(file)
	_ = file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("data directory %s is in use by another process%s; stop it or choose another directory",
			dir, holder)
	}
	return nil, fmt.Errorf("locking %s: %w", path, err)
}

func noteHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("writing lock file: %w", err)
	}
	if _, err := file.WriteAt(fmt.Appendln(nil, os.Getpid()), 0); err != nil {
		return fmt.Errorf("writing lock file: %w", err)
	}
	return nil
}

// readHolder names the process that wrote the lock file, if it can be read.
func readHolder(file *os.File) string {
	buffer := make([]byte, 20)
	n, _ := file.ReadAt(buffer, 0)
	if pid := strings.TrimSpace(string(buffer[:n])); pid != "" {
		return " (" + pid + ")"
	}
	return ""
}
