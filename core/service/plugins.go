package service

import (
	"context"
	"errors"
	"slices"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
)

// shownParked bounds the parked deliveries that a status lists.
const shownParked = 100

// shownFailing bounds the deliveries that a status lists while they are tried again.
const shownFailing = 10

// AddPlugin registers a plugin, or gives one that is registered a new credential that replaces the old one.
func (s *Service) AddPlugin(ctx context.Context, actor core.Actor, input v1.PluginInput) (v1.PluginCredential, error) {
	if !broker.ValidPluginName(input.Name) {
		return v1.PluginCredential{}, core.Refuse(v1.CodeInvalid,
			"%.64q cannot be a plugin's name; use lower-case letters and digits, at most 32.", input.Name)
	}
	credential, publicKey, err := broker.NewCredential(input.Name, s.BrokerAddress)
	if err != nil {
		return v1.PluginCredential{}, err
	}
	err = s.admin(ctx, actor, "plugin.add", func(tx core.Tx) error {
		kept, err := s.savePlugin(tx, actor, core.PluginRecord{
			Name: input.Name, PublicKey: publicKey, ButtonKey: string(credential.ButtonKey),
		})
		credential.ButtonKey = broker.Seed(kept)
		return err
	})
	if err != nil {
		return v1.PluginCredential{}, err
	}
	if err := s.Gate.AddPlugin(ctx, input.Name, publicKey); err != nil {
		return v1.PluginCredential{}, storeError(err)
	}
	file, err := credential.Encode()
	if err != nil {
		return v1.PluginCredential{}, err
	}
	return v1.PluginCredential{Plugin: input.Name, Credential: string(file)}, nil
}

// savePlugin registers a plugin under its new public key and returns the button key that it has from now on: the one it
// had already, if it is registered.
func (s *Service) savePlugin(tx core.Tx, actor core.Actor, fresh core.PluginRecord) (buttonKey string, err error) {
	now := s.Now()
	record, err := tx.Plugin(fresh.Name)
	if errors.Is(err, core.ErrNotFound) {
		record = fresh
		record.Created, record.Synced = now, now
	} else if err != nil {
		return "", err
	}
	record.PublicKey = fresh.PublicKey
	if err := tx.SavePlugin(record); err != nil {
		return "", err
	}
	return record.ButtonKey, audit(tx, by(actor, "plugin.add", map[string]string{"plugin": fresh.Name, "public_key": fresh.PublicKey}), now)
}

// RemovePlugin cuts a plugin off. What it delivered stays on record.
func (s *Service) RemovePlugin(ctx context.Context, actor core.Actor, name string) error {
	err := s.admin(ctx, actor, "plugin.remove", func(tx core.Tx) error {
		if _, err := tx.Plugin(name); err != nil {
			return missing(err, "plugin", name)
		}
		if err := tx.DeletePlugin(name); err != nil {
			return err
		}
		return audit(tx, by(actor, "plugin.remove", map[string]string{"plugin": name}), s.Now())
	})
	if err != nil {
		return err
	}
	return storeError(s.Gate.RemovePlugin(ctx, name))
}

// Plugins tells how every plugin is doing, for administrators.
func (s *Service) Plugins(ctx context.Context, actor core.Actor) ([]v1.PluginStatus, error) {
	if err := s.requireAdmin(ctx, actor, "plugin.list"); err != nil {
		return nil, err
	}
	var statuses []v1.PluginStatus
	err := s.Store.View(ctx, func(reader core.Reader) error {
		records, err := reader.Plugins()
		if err != nil {
			return err
		}
		for _, record := range records {
			status, err := pluginStatus(reader, record)
			if err != nil {
				return err
			}
			statuses = append(statuses, status)
		}
		return nil
	})
	if err != nil {
		return nil, storeError(err)
	}
	for i := range statuses {
		statuses[i].Replicas = s.Replicas(statuses[i].Name)
		pending, err := s.Gate.Pending(ctx, statuses[i].Name)
		if err != nil {
			s.Logger.WarnContext(ctx, "asking the broker what a plugin has left to do", "plugin", statuses[i].Name, "err", err)
		}
		statuses[i].Pending = pending
	}
	return statuses, nil
}

func pluginStatus(reader core.Reader, record core.PluginRecord) (v1.PluginStatus, error) {
	counts, err := reader.DeliveryCounts(record.Name)
	if err != nil {
		return v1.PluginStatus{}, err
	}
	parked, err := reader.Deliveries(record.Name, v1.DeliveryParked, shownParked)
	if err != nil {
		return v1.PluginStatus{}, err
	}
	failing, err := reader.Deliveries(record.Name, v1.DeliveryRetry, shownFailing)
	if err != nil {
		return v1.PluginStatus{}, err
	}
	return v1.PluginStatus{
		Name: record.Name, Created: record.Created, Delivered: counts[v1.DeliveryPosted],
		Retrying: counts[v1.DeliveryRetry], Failing: failing, Parked: parked,
	}, nil
}

// RetryDeliveries lets a parked delivery, or all of them if id is empty, be tried again. It returns how many.
func (s *Service) RetryDeliveries(ctx context.Context, actor core.Actor, plugin, id string) (retried int, err error) {
	err = s.admin(ctx, actor, "delivery.retry", func(tx core.Tx) error {
		parked, err := parkedDeliveries(tx, plugin, id)
		if err != nil {
			return err
		}
		retried = len(parked)
		for _, delivery := range parked {
			delivery.State, delivery.NextTry = v1.DeliveryRetry, s.Now()
			if err := tx.SaveDelivery(delivery); err != nil {
				return err
			}
		}
		return audit(tx, by(actor, "delivery.retry", map[string]any{"plugin": plugin, "delivery": id, "count": retried}), s.Now())
	})
	return retried, err
}

// DropDelivery gives a parked delivery up: it counts as posted nowhere and is not tried again.
func (s *Service) DropDelivery(ctx context.Context, actor core.Actor, plugin, id string) error {
	return s.admin(ctx, actor, "delivery.drop", func(tx core.Tx) error {
		parked, err := parkedDeliveries(tx, plugin, id)
		if err != nil {
			return err
		}
		for _, delivery := range parked {
			delivery.State = v1.DeliveryDropped
			if err := tx.SaveDelivery(delivery); err != nil {
				return err
			}
		}
		return audit(tx, by(actor, "delivery.drop", map[string]string{"plugin": plugin, "delivery": id}), s.Now())
	})
}

func parkedDeliveries(reader core.Reader, plugin, id string) ([]v1.Delivery, error) {
	if _, err := reader.Plugin(plugin); err != nil {
		return nil, missing(err, "plugin", plugin)
	}
	parked, err := reader.Deliveries(plugin, v1.DeliveryParked, maxParked)
	if err != nil || id == "" {
		return parked, err
	}
	at := slices.IndexFunc(parked, func(d v1.Delivery) bool { return d.ID == id })
	if at < 0 {
		return nil, core.Refuse(v1.CodeNotFound, "Plugin %s has no parked delivery %q; "+
			"`accede admin plugin status` lists them.", plugin, id)
	}
	return parked[at : at+1], nil
}

// maxParked bounds how many deliveries one retry takes up.
const maxParked = 10_000
