package httpapi

import (
	"context"
	"sync"
)

// keyLocks serialises by key. The zero value is ready; a key that nobody holds or waits for takes no memory.
type keyLocks struct {
	mu    sync.Mutex
	byKey map[string]*keyLock
}

type keyLock struct {
	turn  chan struct{}
	users int
}

// lock waits for the key and returns what frees it, or the context's error.
func (k *keyLocks) lock(ctx context.Context, key string) (unlock func(), err error) {
	lock := k.enter(key)
	select {
	case lock.turn <- struct{}{}:
		return func() { <-lock.turn; k.leave(key) }, nil
	case <-ctx.Done():
		k.leave(key)
		return nil, ctx.Err()
	}
}

func (k *keyLocks) enter(key string) *keyLock {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byKey == nil {
		k.byKey = map[string]*keyLock{}
	}
	lock, ok := k.byKey[key]
	if !ok {
		lock = &keyLock{turn: make(chan struct{}, 1)}
		k.byKey[key] = lock
	}
	lock.users++
	return lock
}

func (k *keyLocks) leave(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	lock := k.byKey[key]
	if lock.users--; lock.users == 0 {
		delete(k.byKey, key)
	}
}
