package pagerdutysim

import (
	"net/http"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// wireSubscription shows the secret to whoever made the subscription, once.
func (s *Sim) wireSubscription(sub *subscription, secret any) object {
	return object{
		"id": sub.ID, "type": "webhook_subscription", "active": true, "events": sub.Events, "description": "",
		"delivery_method": object{
			"type": "http_delivery_method", "url": sub.url, "secret": secret, "temporarily_disabled": s.now().Before(sub.disabled),
		},
		"filter": object{"type": "service_reference", "id": sub.Service},
	}
}

func (s *Sim) listSubscriptions(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	found := []object{}
	for _, sub := range s.outbox {
		found = append(found, s.wireSubscription(sub, nil))
	}
	s.mu.Unlock()
	s.page(w, r.URL.Query(), "webhook_subscriptions", found)
}

func (s *Sim) createSubscription(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Subscription struct {
			Events   []string
			Filter   reference
			Delivery struct{ URL string } `json:"delivery_method"`
		} `json:"webhook_subscription"`
	}
	if !decode(w, r, &ask) {
		return
	}
	if ask.Subscription.Delivery.URL == "" || len(ask.Subscription.Events) == 0 {
		invalid(w, "delivery_method.url and events must be given")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	secret := s.newID("secret")
	sub := s.newSubscription(Subscription{
		ID: s.newID("P"), URL: ask.Subscription.Delivery.URL, Secrets: []string{secret}, Events: ask.Subscription.Events,
		Service: ask.Subscription.Filter.ID,
	})
	s.outbox = append(s.outbox, sub)
	standin.WriteJSON(w, http.StatusCreated, object{"webhook_subscription": s.wireSubscription(sub, secret)})
}

func (s *Sim) withSubscription(w http.ResponseWriter, r *http.Request, do func(*subscription)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.outbox {
		if sub.ID == r.PathValue("id") {
			do(sub)
			return
		}
	}
	notFound(w)
}

func (s *Sim) getSubscription(w http.ResponseWriter, r *http.Request) {
	s.withSubscription(w, r, func(sub *subscription) {
		standin.WriteJSON(w, http.StatusOK, object{"webhook_subscription": s.wireSubscription(sub, nil)})
	})
}

func (s *Sim) enableSubscription(w http.ResponseWriter, r *http.Request) {
	s.withSubscription(w, r, func(sub *subscription) {
		sub.disabled, sub.drops = time.Time{}, 0
		standin.WriteJSON(w, http.StatusOK, object{"webhook_subscription": s.wireSubscription(sub, nil)})
	})
}

func (s *Sim) pingSubscription(w http.ResponseWriter, r *http.Request) {
	s.withSubscription(w, r, func(sub *subscription) {
		body := []byte(`{"event":{"id":"` + s.newID("01") + `","event_type":"pagey.ping","resource_type":"pagey","occurred_at":"` +
			stamp(s.now()) + `","agent":null,"client":null,"data":{"message":"Hello from your friend Pagey!","type":"ping"}}}`)
		s.enqueue(sub, "pagey.ping", body)
		w.WriteHeader(http.StatusAccepted)
	})
}
