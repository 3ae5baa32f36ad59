package service

import (
	"context"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Shown lists where a request that the actor may see was shown, without the private answers to single people. Why a delivery
// failed is for administrators.
func (s *Service) Shown(ctx context.Context, actor core.Actor, id string) ([]v1.Delivery, error) {
	shown := []v1.Delivery{}
	err := s.Store.View(ctx, func(reader core.Reader) error {
		if _, err := s.visible(reader, actor, id); err != nil {
			return err
		}
		deliveries, err := reader.RequestDeliveries(id, "")
		for _, delivery := range deliveries {
			if !strings.HasPrefix(delivery.Slot, v1.SlotAnswerPrefix) && delivery.Slot != v1.SlotOnCall {
				shown = append(shown, forActor(delivery, actor))
			}
		}
		return err
	})
	return shown, storeError(err)
}

func forActor(delivery v1.Delivery, actor core.Actor) v1.Delivery {
	if !actor.Person.Admin {
		delivery.LastError, delivery.LastKind, delivery.Owner, delivery.Key, delivery.Ref = "", "", "", "", ""
	}
	return delivery
}
