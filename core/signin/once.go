package signin

import (
	"container/list"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"time"
)

// maxKept bounds how many values are kept at a time; beyond it the oldest go.
const maxKept = 10_000

// once keeps values for a short while under secret keys, each to be taken once. It is safe for concurrent use.
type once[T any] struct {
	life time.Duration
	now  func() time.Time

	mu    sync.Mutex
	byKey map[string]*list.Element
	// order holds the values as they came, which is as they end.
	order *list.List
}

type kept[T any] struct {
	key   string
	value T
	ends  time.Time
}

func newOnce[T any](life time.Duration, now func() time.Time) *once[T] {
	return &once[T]{life: life, now: now, byKey: map[string]*list.Element{}, order: list.New()}
}

// put keeps a value and returns the key to take it with.
func (o *once[T]) put(value T) (string, error) {
	key, err := randomKey()
	if err != nil {
		return "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	for front := o.order.Front(); front != nil && (o.order.Len() >= maxKept || !now.Before(o.at(front).ends)); front = o.order.Front() {
		o.remove(front)
	}
	o.byKey[key] = o.order.PushBack(kept[T]{key, value, now.Add(o.life)})
	return key, nil
}

// take returns the value under a key and forgets it. It says false if there is none or its time is over.
func (o *once[T]) take(key string) (value T, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	element, found := o.byKey[key]
	if !found {
		return value, false
	}
	one := o.at(element)
	o.remove(element)
	return one.value, o.now().Before(one.ends)
}

// see returns the value under a key and keeps it.
func (o *once[T]) see(key string) (value T, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	element, found := o.byKey[key]
	if !found {
		return value, false
	}
	one := o.at(element)
	return one.value, o.now().Before(one.ends)
}

func (o *once[T]) at(element *list.Element) kept[T] { return element.Value.(kept[T]) } //nolint:errcheck // the list holds nothing else

func (o *once[T]) remove(element *list.Element) {
	delete(o.byKey, o.at(element).key)
	o.order.Remove(element)
}

func randomKey() (string, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}
