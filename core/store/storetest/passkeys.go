package storetest

import (
	"testing"
	"time"

	"github.com/accede/accede/core"
)

func keepsPasskeys(t *testing.T, store core.Store) {
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(person("alice", "")) })
	first := core.PasskeyRecord{ID: "b", Person: "alice", Title: "laptop", Created: start(), Credential: []byte(`{"a":1}`)}
	second := core.PasskeyRecord{ID: "a", Person: "alice", Created: start().Add(time.Second), Credential: []byte(`{}`)}
	update(t, store, func(tx core.Tx) error { return tx.InsertPasskey(first) })
	update(t, store, func(tx core.Tx) error { return tx.InsertPasskey(second) })
	refuses(t, store, core.ErrConflict, func(tx core.Tx) error { return tx.InsertPasskey(first) })
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error {
		return tx.InsertPasskey(core.PasskeyRecord{ID: "c", Person: "nobody", Created: start(), Credential: []byte(`{}`)})
	})
	list := func(r core.Reader) ([]core.PasskeyRecord, error) { return r.Passkeys("alice") }
	same(t, "all passkeys", get(t, store, list), []core.PasskeyRecord{first, second})
	first.Credential, first.LastUsed = []byte(`{"a":2}`), start().Add(time.Minute)
	update(t, store, func(tx core.Tx) error { return tx.UsePasskey("b", first.Credential, first.LastUsed) })
	find := func(r core.Reader) (core.PasskeyRecord, error) { return r.Passkey("b") }
	same(t, "a passkey after its use", get(t, store, find), first)
	update(t, store, func(tx core.Tx) error { return tx.DeletePasskey("b") })
	fails(t, store, core.ErrNotFound, find)
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error { return tx.DeletePasskey("b") })
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error { return tx.UsePasskey("b", []byte(`{}`), start()) })
}
