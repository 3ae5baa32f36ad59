package pagerduty_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/host/hosttest"
	"github.com/accede/accede/plugins/pagerduty"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

const patience = 20 * time.Second

// hosted is the plugin in the real host, between a core in memory and the stand-in.
type hosted struct {
	t    *testing.T
	core *hosttest.Core
	sim  *pagerdutysim.Sim

	mu   sync.Mutex
	made []v1.Decision
}

func (h *hosted) decisions() []v1.Decision {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.made)
}

func (h *hosted) decide(d v1.Decision) v1.DecisionResult {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.made = append(h.made, d)
	return v1.DecisionResult{Code: v1.CodeCounted, Message: "Recorded."}
}

func startHost(t *testing.T, account pagerdutysim.Config, recipients []string, change func(*pagerduty.Config)) *hosted {
	t.Helper()
	h := &hosted{t: t, core: hosttest.New(pagerduty.Name)}
	t.Cleanup(h.core.Wait)
	h.core.Decide = h.decide
	vendor, callbacks := httptest.NewUnstartedServer(nil), newDoor(t)
	sim, err := pagerdutysim.New(account, standin.Options{Seed: 1, CallbackURL: callbacks.url})
	if err != nil {
		t.Fatal(err)
	}
	h.sim, vendor.Config.Handler = sim, sim
	vendor.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		vendor.Close()
	})
	c := pagerduty.NewConfig()
	c.APIURL, c.Subdomain, c.From = config.Address(vendor.URL), "accede-demo", "accede@example.com"
	c.APIKey, c.CallsPerMinute = secret.New(pagerdutysim.DemoKey), 0
	if change != nil {
		change(c)
	}
	h.run(c, recipients, callbacks)
	return h
}

// door leads webhooks to the plugin once it is open.
type door struct {
	url     string
	mu      sync.Mutex
	handler http.Handler
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{handler: http.NotFoundHandler()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		handler := d.handler
		d.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

func (h *hosted) run(c *pagerduty.Config, recipients []string, callbacks *door) {
	h.t.Helper()
	credential, _, err := broker.NewCredential(pagerduty.Name, "nats://127.0.0.1:4222")
	if err != nil {
		h.t.Fatal(err)
	}
	settings := host.DefaultSettings()
	settings.RoleToRecipients = map[string][]string{"*": recipients}
	settings.Poll, settings.VendorPoll, settings.Settle = config.Duration(100*time.Millisecond), config.Duration(100*time.Millisecond), 0
	client := vendorhttp.New(vendorhttp.Options{})
	h.t.Cleanup(client.CloseIdleConnections)
	options := host.Options{
		Spec: pagerduty.Spec(), Settings: settings, Vendor: c, Broker: h.core.Connect(), Sign: credential.Sign,
		Seal: plugins.NewSealer([]byte("secret")), HTTP: client, Logger: slog.New(slog.DiscardHandler), Replica: "test",
	}
	open := options.Spec.Open
	options.Spec.Open = func(ctx context.Context, c any, deps plugins.Deps) (plugins.Notifier, error) {
		plugin, err := open(ctx, c, deps)
		if receiver, ok := plugin.(plugins.Receiver); ok {
			callbacks.mu.Lock()
			callbacks.handler = receiver.Handler(submits{h})
			callbacks.mu.Unlock()
		}
		return plugin, err
	}
	replica, err := host.New(h.t.Context(), options)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() { done <- replica.Run(ctx) }()
	h.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Errorf("stopping: %v", err)
		}
	})
}

// submits stands for the host's desk on the way of webhooks.
type submits struct{ hosted *hosted }

// Submit notes the decision.
func (s submits) Submit(_ context.Context, d v1.Decision) error {
	s.hosted.decide(d)
	return nil
}

func onCallRequest(schedules ...string) v1.Request {
	request := hosttest.NewRequest(time.Now().UTC())
	request.Annotations = map[string][]string{"accede.dev/pagerduty-schedules": schedules}
	return request
}

func TestBeingOnCallReviewsWithAndWithoutAnIncident(t *testing.T) {
	for name, recipients := range map[string][]string{"with": {"Access Requests"}, "without": nil} {
		for _, schedule := range []string{"PDEMO1", "PDEMO3"} {
			t.Run(name+" "+schedule, func(t *testing.T) {
				t.Parallel()
				h := startHost(t, pagerdutysim.Demo(), recipients, nil)
				until := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second)
				if err := h.sim.PutOnCall(pagerdutysim.OnCallAsk{Schedule: schedule, Person: "alice", Until: until}); err != nil {
					t.Fatal(err)
				}
				h.core.Put(v1.EventCreated, onCallRequest("PNOWHERE", schedule))
				eventually.True(t, patience, "the review", func() bool { return len(h.decisions()) == 1 })
				got := h.decisions()[0]
				if got.Identity != v1.ServiceIdentity(pagerduty.Name) || got.Verdict != v1.Approve || !strings.Contains(got.Reason, "at level 1 until") {
					t.Errorf("decision %+v", got)
				}
				for key, want := range map[string]string{
					"on_call/schedule": schedule, "on_call/level": "1", "on_call/user": "PALICE1", "on_call/user_name": "Alice Moreau",
					"on_call/until": until.Format(time.RFC3339),
				} {
					if !slices.Equal(got.Annotations[key], []string{want}) {
						t.Errorf("%s is %v, want %s", key, got.Annotations[key], want)
					}
				}
				eventually.True(t, patience, "everything to settle", h.core.Settled)
				if n := len(h.sim.Incidents()); n != len(recipients) {
					t.Errorf("%d incidents", n)
				}
			})
		}
	}
}

func TestOnlySecondLevelIsSaidInTheIncident(t *testing.T) {
	t.Parallel()
	h := startHost(t, pagerdutysim.Demo(), []string{"Access Requests"}, nil)
	if err := h.sim.PutOnCall(pagerdutysim.OnCallAsk{Schedule: "PDEMO1", Person: "alice", Level: 2}); err != nil {
		t.Fatal(err)
	}
	request := onCallRequest("PDEMO1")
	h.core.Put(v1.EventCreated, request)
	const want = "No approval for being on call: on call on Database primary (PDEMO1) only at level 2, and only level 1 counts"
	eventually.True(t, patience, "the note on the request", func() bool { return len(h.core.Notes(request.ID)) > 0 })
	if notes := h.core.Notes(request.ID); len(notes) != 1 || !strings.HasPrefix(notes[0], want) {
		t.Errorf("notes %q", notes)
	}
	h.core.Announce(v1.EventNoted, h.core.Request(request.ID)) // as the real core does
	eventually.True(t, patience, "the sentence in the incident", func() bool {
		for _, i := range h.sim.Incidents() {
			if strings.Contains(i.Details, want) || len(i.Notes) == 1 && strings.Contains(i.Notes[0].Content, want) {
				return true
			}
		}
		return false
	})
	if made := h.decisions(); len(made) != 0 {
		t.Errorf("decisions %+v", made)
	}
}

func TestASilentPagerDutyIsAskedAgain(t *testing.T) {
	t.Parallel()
	h := startHost(t, pagerdutysim.Demo(), nil, nil)
	if err := h.sim.PutOnCall(pagerdutysim.OnCallAsk{Schedule: "PDEMO1", Person: "alice"}); err != nil {
		t.Fatal(err)
	}
	if err := h.sim.Faults().Set(standin.Faults{FailBefore: 1, Only: []string{"list_oncalls"}}); err != nil {
		t.Fatal(err)
	}
	request := onCallRequest("PDEMO1")
	h.core.Put(v1.EventCreated, request)
	eventually.True(t, patience, "the note", func() bool { return len(h.core.Notes(request.ID)) == 1 })
	if note, made := h.core.Notes(request.ID)[0], h.decisions(); !strings.Contains(note, "could not be asked about schedule") || len(made) != 0 {
		t.Errorf("note %q, decisions %+v", note, made)
	}
	if err := h.sim.Faults().Set(standin.Faults{}); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, patience, "the review", func() bool { return len(h.decisions()) == 1 })
}

func TestWebhookAndPollAreOneReview(t *testing.T) {
	t.Parallel()
	h := startHost(t, pagerdutysim.Deciding("field"), []string{"Access Requests"}, func(c *pagerduty.Config) {
		c.DecideBy, c.Field = []pagerduty.Way{pagerduty.ByField}, "access_decision"
		c.WebhookSecret = secret.New(pagerdutysim.DemoWebhookSecret)
	})
	h.core.Put(v1.EventCreated, hosttest.NewRequest(time.Now().UTC()))
	eventually.True(t, patience, "the incident", func() bool { return len(h.sim.Incidents()) == 1 && h.core.Settled() })
	deed := standin.Deed{Person: "ivan", Post: h.sim.Incidents()[0].ID, Action: "approve"}
	if reaction, err := h.sim.Do(t.Context(), deed); err != nil || !reaction.OK {
		t.Fatalf("%+v, %v", reaction, err)
	}
	polls := h.sim.Calls()["list_log_entries"][http.StatusOK]
	eventually.True(t, patience, "two more polls", func() bool { return h.sim.Calls()["list_log_entries"][http.StatusOK] > polls+1 })
	ids := map[string]bool{}
	for _, d := range h.decisions() {
		ids[d.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d different decisions: %+v", len(ids), h.decisions())
	}
}
