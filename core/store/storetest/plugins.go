package storetest

import (
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func keepsPlugins(t *testing.T, store core.Store) {
	find := func(r core.Reader) (core.PluginRecord, error) { return r.Plugin("slack") }
	fails(t, store, core.ErrNotFound, find)
	slack := core.PluginRecord{Name: "slack", PublicKey: "UABC", ButtonKey: "key", Created: start()}
	jira := core.PluginRecord{Name: "jira", PublicKey: "UDEF", Created: start(), Synced: start().Add(time.Hour)}
	update(t, store, func(tx core.Tx) error { return tx.SavePlugin(slack) })
	update(t, store, func(tx core.Tx) error { return tx.SavePlugin(jira) })
	slack.Synced = start().Add(time.Minute)
	update(t, store, func(tx core.Tx) error { return tx.SavePlugin(slack) })
	same(t, "the plugin", get(t, store, find), slack)
	same(t, "all plugins", get(t, store, core.Reader.Plugins), []core.PluginRecord{jira, slack})
	update(t, store, func(tx core.Tx) error { return tx.DeletePlugin("slack") })
	fails(t, store, core.ErrNotFound, find)
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error { return tx.DeletePlugin("slack") })
}

func delivery(t testing.TB, key v1.DeliveryKey) v1.Delivery {
	t.Helper()
	return v1.Delivery{
		ID: newID(t), Plugin: "slack", DeliveryKey: key, DestinationName: "#" + key.Destination, State: v1.DeliveryClaimed,
		Attempt: 3, Owner: "replica-1", LeaseUntil: start().Add(time.Minute), Key: newID(t), FirstTried: start(), Unsure: true,
		LastError: "it was raining", LastKind: "transient",
	}
}

func keepsDeliveries(t *testing.T, store core.Store) {
	key := v1.DeliveryKey{Destination: "C1", RequestID: newID(t), Slot: v1.SlotCard}
	find := func(r core.Reader) (v1.Delivery, error) { return r.Delivery("slack", key) }
	fails(t, store, core.ErrNotFound, find)
	want := delivery(t, key)
	update(t, store, func(tx core.Tx) error { return tx.SaveDelivery(want) })
	same(t, "the delivery", get(t, store, find), want)
	want.State, want.Ref, want.ShownVersion, want.LeaseUntil = v1.DeliveryPosted, "C1/1.2", 4, time.Time{}
	want.Unsure, want.Attempt, want.NextTry = false, 4, start().Add(time.Hour)
	update(t, store, func(tx core.Tx) error { return tx.SaveDelivery(want) })
	same(t, "the changed delivery", get(t, store, find), want)
	for _, other := range []v1.DeliveryKey{
		{Destination: "C2", RequestID: key.RequestID, Slot: key.Slot},
		{Destination: "C1", RequestID: newID(t), Slot: key.Slot},
		{Destination: "C1", RequestID: key.RequestID, Slot: v1.SlotOutcome},
	} {
		fails(t, store, core.ErrNotFound, func(r core.Reader) (v1.Delivery, error) { return r.Delivery("slack", other) })
		update(t, store, func(tx core.Tx) error { return tx.SaveDelivery(delivery(t, other)) })
	}
	fails(t, store, core.ErrNotFound, func(r core.Reader) (v1.Delivery, error) { return r.Delivery("jira", key) })
	same(t, "the untouched delivery", get(t, store, find), want)
	posted := func(r core.Reader) ([]v1.Delivery, error) { return r.Deliveries("slack", v1.DeliveryPosted, 10) }
	same(t, "the posted ones", get(t, store, posted), []v1.Delivery{want})
	counts := func(r core.Reader) (map[string]int64, error) { return r.DeliveryCounts("slack") }
	same(t, "the counts", get(t, store, counts), map[string]int64{v1.DeliveryPosted: 1, v1.DeliveryClaimed: 3})
	update(t, store, func(tx core.Tx) error { return tx.DeleteDelivery(want.ID) })
	fails(t, store, core.ErrNotFound, find)
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error { return tx.DeleteDelivery(want.ID) })
}

func findsDueDeliveries(t *testing.T, store core.Store) {
	put := func(destination, state string, lease, try time.Duration) v1.Delivery {
		d := delivery(t, v1.DeliveryKey{Destination: destination, RequestID: newID(t), Slot: v1.SlotCard})
		d.State, d.LeaseUntil, d.NextTry = state, start().Add(lease), start().Add(try)
		update(t, store, func(tx core.Tx) error { return tx.SaveDelivery(d) })
		return d
	}
	lapsed := put("C1", v1.DeliveryClaimed, 2*time.Minute, 0)
	retry := put("C1", v1.DeliveryRetry, 0, time.Minute)
	paused := put("C2", v1.DeliveryRetry, 0, time.Minute)
	put("C1", v1.DeliveryPosted, 0, 0)
	put("C1", v1.DeliveryParked, 0, 0)
	put("C1", v1.DeliveryDropped, 0, 0)
	update(t, store, func(tx core.Tx) error { return tx.SavePause("slack", "C2", start().Add(time.Hour)) })
	due := func(after time.Duration, cursor string, limit int) (found []string) {
		for _, d := range get(t, store, func(r core.Reader) ([]v1.Delivery, error) {
			return r.DueDeliveries("slack", start().Add(after), cursor, limit)
		}) {
			found = append(found, d.ID)
		}
		return found
	}
	same(t, "due before", due(time.Minute-1, "", 10), []string{})
	same(t, "due at the next try", due(time.Minute, "", 10), []string{retry.ID})
	same(t, "due when a lease is over", due(2*time.Minute, "", 10), []string{lapsed.ID, retry.ID})
	same(t, "the first page", due(2*time.Minute, "", 1), []string{lapsed.ID})
	same(t, "the second page", due(2*time.Minute, lapsed.ID, 1), []string{retry.ID})
	same(t, "due when a pause is over", due(time.Hour, "", 10), []string{lapsed.ID, retry.ID, paused.ID})
	until := func(destination string) time.Time {
		return get(t, store, func(r core.Reader) (time.Time, error) { return r.Pause("slack", destination) })
	}
	same(t, "a pause", until("C2"), start().Add(time.Hour))
	same(t, "no pause", until("C1"), time.Time{})
}

func findsCards(t *testing.T, store core.Store) {
	update(t, store, func(tx core.Tx) error { return tx.SavePlugin(core.PluginRecord{Name: "slack", Created: start()}) })
	update(t, store, func(tx core.Tx) error { return tx.SavePlugin(core.PluginRecord{Name: "jira", Created: start()}) })
	pending, resolved := request(t), request(t)
	for _, r := range []v1.Request{pending, resolved} {
		update(t, store, func(tx core.Tx) error { return tx.InsertRequest(r, "ask of "+r.ID) })
	}
	put := func(plugin, requestID, slot, state string) v1.Delivery {
		d := delivery(t, v1.DeliveryKey{Destination: "C1", RequestID: requestID, Slot: slot})
		d.Plugin, d.State, d.LeaseUntil = plugin, state, time.Time{}
		update(t, store, func(tx core.Tx) error { return tx.SaveDelivery(d) })
		return d
	}
	card := put("slack", pending.ID, v1.SlotCard, v1.DeliveryPosted)
	reply := put("slack", pending.ID, v1.SlotReviewPrefix+"1", v1.DeliveryPosted)
	ticket := put("jira", pending.ID, v1.SlotCard, v1.DeliveryRetry)
	over := put("slack", resolved.ID, v1.SlotCard, v1.DeliveryPosted)
	resolved.Version, resolved.State = resolved.Version+1, v1.StateDenied
	update(t, store, func(tx core.Tx) error { return tx.SaveRequest(resolved) })

	of := func(requestID, plugin string) func(core.Reader) ([]v1.Delivery, error) {
		return func(r core.Reader) ([]v1.Delivery, error) { return r.RequestDeliveries(requestID, plugin) }
	}
	same(t, "what slack has of the request", get(t, store, of(pending.ID, "slack")), []v1.Delivery{card, reply})
	same(t, "what everybody has of the request", get(t, store, of(pending.ID, "")), []v1.Delivery{card, reply, ticket})
	same(t, "what slack has of the resolved one", get(t, store, of(resolved.ID, "slack")), []v1.Delivery{over})
	open := func(plugin, after string) func(core.Reader) ([]v1.Delivery, error) {
		return func(r core.Reader) ([]v1.Delivery, error) { return r.OpenCards(plugin, after, 10) }
	}
	same(t, "slack's open cards", get(t, store, open("slack", "")), []v1.Delivery{card})
	same(t, "slack's open cards after that", len(get(t, store, open("slack", card.ID))), 0)
	same(t, "jira's open cards", len(get(t, store, open("jira", ""))), 0)
}
