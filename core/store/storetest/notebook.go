package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/accede/accede/core"
)

func keepsNotebooks(t *testing.T, store core.Store) {
	entry := func(plugin, key string) string {
		t.Helper()
		return get(t, store, func(r core.Reader) (string, error) { return r.NotebookEntry(plugin, key) })
	}
	save := func(plugin, key, value string, minute int) {
		t.Helper()
		update(t, store, func(tx core.Tx) error {
			return tx.SaveNotebookEntry(plugin, key, value, start().Add(time.Duration(minute)*time.Minute), 3)
		})
	}
	same(t, "an entry that nobody kept", entry("teams", "a"), "")
	save("teams", "a", "one", 0)
	save("slack", "a", "other", 0)
	save("teams", "a", "two", 1)
	same(t, "the newest value", entry("teams", "a"), "two")
	same(t, "another plugin's entry", entry("slack", "a"), "other")
	for i := range 3 {
		save("teams", "b"+strconv.Itoa(i), "value", 2+i)
	}
	same(t, "the entry kept longest ago", entry("teams", "a"), "")
	same(t, "the entry kept next", entry("teams", "b0"), "value")
	same(t, "another plugin's entry", entry("slack", "a"), "other")
	save("teams", "b0", "", 6)
	same(t, "the deleted entry", entry("teams", "b0"), "")
	save("teams", "b0", "", 7)
}
