package sqlite

import (
	"database/sql"
	"errors"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const pluginColumns = "SELECT name, public_key, button_key, created, synced FROM plugin"

func readPlugin(row scanner) (plugin core.PluginRecord, err error) {
	var created, synced sql.NullInt64
	err = row.Scan(&plugin.Name, &plugin.PublicKey, &plugin.ButtonKey, &created, &synced)
	plugin.Created, plugin.Synced = fromMicros(created), fromMicros(synced)
	return plugin, err
}

// Plugin implements [core.Reader].
func (r *reader) Plugin(name string) (core.PluginRecord, error) {
	return one(r.session, readPlugin, pluginColumns+" WHERE name = ?", name)
}

// Plugins implements [core.Reader].
func (r *reader) Plugins() ([]core.PluginRecord, error) {
	return many(r.session, readPlugin, pluginColumns+" ORDER BY name")
}

// SavePlugin implements [core.Tx].
func (t *tx) SavePlugin(plugin core.PluginRecord) error {
	_, err := t.Plugin(plugin.Name)
	if errors.Is(err, core.ErrNotFound) {
		err = t.unsettleOld(plugin.Name)
	}
	if err != nil {
		return err
	}
	return t.do("REPLACE INTO plugin (name, public_key, button_key, created, synced) VALUES (?, ?, ?, ?, ?)",
		plugin.Name, plugin.PublicKey, plugin.ButtonKey, plugin.Created.UnixMicro(), micros(plugin.Synced))
}

// unsettleOld finds the cards that fell behind while a plugin was not registered.
func (t *tx) unsettleOld(plugin string) error {
	return t.do(`UPDATE delivery SET settled = 0 WHERE plugin = ? AND slot = 'card' AND settled = 1
		AND shown_version < (SELECT version FROM request WHERE request.id = delivery.request_id)`, plugin)
}

// DeletePlugin implements [core.Tx]. It keeps the plugin's deliveries: what it posted is still there should it come back.
func (t *tx) DeletePlugin(name string) error {
	return t.must("DELETE FROM plugin WHERE name = ?", name)
}

// Pause implements [core.Reader].
func (r *reader) Pause(plugin, destination string) (time.Time, error) {
	until, err := one(r.session, readInt,
		"SELECT until FROM pause WHERE plugin = ? AND destination = ?", plugin, destination)
	if errors.Is(err, core.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(until).UTC(), nil
}

// SavePause implements [core.Tx].
func (t *tx) SavePause(plugin, destination string, until time.Time) error {
	if until.IsZero() {
		return t.do("DELETE FROM pause WHERE plugin = ? AND destination = ?", plugin, destination)
	}
	return t.do("REPLACE INTO pause (plugin, destination, until) VALUES (?, ?, ?)", plugin, destination, until.UnixMicro())
}

const deliveryColumns = `SELECT id, plugin, request_id, slot, destination, destination_name, state, attempt, owner,
	lease_until, key, first_tried, unsure, ref, shown_version, last_error, last_kind, next_try FROM delivery WHERE `

func readDelivery(row scanner) (d v1.Delivery, err error) {
	var lease, first, next sql.NullInt64
	err = row.Scan(&d.ID, &d.Plugin, &d.RequestID, &d.Slot, &d.Destination, &d.DestinationName, &d.State, &d.Attempt,
		&d.Owner, &lease, &d.Key, &first, &d.Unsure, &d.Ref, &d.ShownVersion, &d.LastError, &d.LastKind, &next)
	d.LeaseUntil, d.FirstTried, d.NextTry = fromMicros(lease), fromMicros(first), fromMicros(next)
	return d, err
}

// Delivery implements [core.Reader].
func (r *reader) Delivery(plugin string, key v1.DeliveryKey) (v1.Delivery, error) {
	return one(r.session, readDelivery, deliveryColumns+
		"plugin = ? AND request_id = ? AND slot = ? AND destination = ?", plugin, key.RequestID, key.Slot, key.Destination)
}

// Deliveries implements [core.Reader].
func (r *reader) Deliveries(plugin, state string, limit int) ([]v1.Delivery, error) {
	return many(r.session, readDelivery, deliveryColumns+"plugin = ? AND state = ? ORDER BY id LIMIT ?",
		plugin, state, limited(limit))
}

// RequestDeliveries implements [core.Reader].
func (r *reader) RequestDeliveries(requestID, plugin string) ([]v1.Delivery, error) {
	return many(r.session, readDelivery, deliveryColumns+
		"plugin IN (SELECT name FROM plugin WHERE ?2 IN ('', name)) AND request_id = ?1 ORDER BY id", requestID, plugin)
}

// OpenCards implements [core.Reader].
func (r *reader) OpenCards(plugin, after string, limit int) ([]v1.Delivery, error) {
	return many(r.session, readDelivery, deliveryColumns+`plugin = ? AND settled = 0 AND slot = 'card' AND state = 'posted'
		AND id > ? AND EXISTS (SELECT 1 FROM request WHERE request.id = delivery.request_id AND request.state = 'PENDING')
		ORDER BY id LIMIT ?`, plugin, after, limited(limit))
}

// DeliveryCounts implements [core.Reader].
func (r *reader) DeliveryCounts(plugin string) (map[string]int64, error) {
	counts := map[string]int64{}
	err := r.each(func(row scanner) error {
		var state string
		var count int64
		err := row.Scan(&state, &count)
		counts[state] = count
		return err
	}, "SELECT state, count(*) FROM delivery WHERE plugin = ? GROUP BY state", plugin)
	return counts, err
}

// DueDeliveries implements [core.Reader].
func (r *reader) DueDeliveries(plugin string, now time.Time, after string, limit int) ([]v1.Delivery, error) {
	return many(r.session, readDelivery, deliveryColumns+`plugin = ?1 AND due IS NOT NULL AND due <= ?2 AND id > ?3
		AND NOT EXISTS (SELECT 1 FROM pause
			WHERE pause.plugin = ?1 AND pause.destination = delivery.destination AND pause.until > ?2)
		ORDER BY id LIMIT ?4`, plugin, now.UnixMicro(), after, limited(limit))
}

// SaveDelivery implements [core.Tx].
func (t *tx) SaveDelivery(d v1.Delivery) error {
	return t.do(`INSERT INTO delivery (id, plugin, request_id, slot, destination, destination_name, state, attempt, owner,
			lease_until, key, first_tried, unsure, ref, shown_version, last_error, last_kind, next_try, due, settled)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?4 <> 'card' OR EXISTS
			(SELECT 1 FROM request WHERE id = ?3 AND version <= ?15 AND state <> 'PENDING'))
		ON CONFLICT (plugin, request_id, slot, destination) DO UPDATE SET
			destination_name = excluded.destination_name, state = excluded.state, attempt = excluded.attempt,
			owner = excluded.owner, lease_until = excluded.lease_until, key = excluded.key,
			first_tried = excluded.first_tried, unsure = excluded.unsure, ref = excluded.ref,
			shown_version = excluded.shown_version, last_error = excluded.last_error, last_kind = excluded.last_kind,
			next_try = excluded.next_try, due = excluded.due, settled = excluded.settled`,
		d.ID, d.Plugin, d.RequestID, d.Slot, d.Destination, d.DestinationName, d.State, d.Attempt, d.Owner,
		micros(d.LeaseUntil), d.Key, micros(d.FirstTried), d.Unsure, d.Ref, d.ShownVersion, d.LastError, d.LastKind,
		micros(d.NextTry), micros(dueOf(d)))
}

// dueOf is when somebody has to look at a delivery again.
func dueOf(d v1.Delivery) time.Time {
	switch d.State {
	case v1.DeliveryClaimed:
		return d.LeaseUntil
	case v1.DeliveryRetry:
		return d.NextTry
	default:
		return time.Time{}
	}
}

// DeleteDelivery implements [core.Tx].
func (t *tx) DeleteDelivery(id string) error { return t.must("DELETE FROM delivery WHERE id = ?", id) }
