package service

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
)

// onePlugin is a store that knows one plugin's key and nothing else.
type onePlugin struct {
	core.Store
	core.Reader
	key string
}

func (o onePlugin) View(_ context.Context, fn func(core.Reader) error) error { return fn(o) }
func (o onePlugin) Plugin(name string) (core.PluginRecord, error) {
	return core.PluginRecord{Name: name, PublicKey: o.key}, nil
}

func (c *company) calls() *Calls {
	return &Calls{
		Store: c.Store, Ledger: &Ledger{Store: c.Store, Now: c.clock.Now}, Resync: &Resync{Store: c.Store, Now: c.clock.Now},
		Monitor: &PluginMonitor{Now: c.clock.Now}, Duties: &Duties{Now: c.clock.Now}, Now: c.clock.Now, Touched: func() {}, Logger: slog.New(slog.DiscardHandler), Version: "1.2.3",
		PublicURL: "https://accede.example.com",
	}
}

// ask asks as a plugin does.
func askCore[Reply any](t *testing.T, calls *Calls, plugin, method string, question any) (reply Reply, err error) {
	t.Helper()
	body, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	err = v1.ParseCallReply(calls.Answer(t.Context(), broker.CallSubject(plugin, method), body), &reply)
	return reply, err
}

func wantProblem(t *testing.T, err error, code v1.Code, status int) {
	t.Helper()
	problem, ok := errors.AsType[*v1.Problem](err)
	if !ok || problem.Code != code || problem.Status != status || problem.Detail == "" {
		t.Errorf("got %+v, want a problem %s with status %d", err, code, status)
	}
}

func TestCallsReachTheirMethods(t *testing.T) {
	c, _ := registered(t)
	calls := c.calls()
	claim, err := askCore[v1.ClaimReply](t, calls, "slack", broker.MethodClaim, claimFor(1))
	if err != nil || claim.Mode != v1.ClaimPost {
		t.Fatalf("claim: %+v, %v", claim, err)
	}
	record := v1.Record{DeliveryKey: cardKey(), Attempt: claim.Attempt, Ref: "r", Version: 1}
	if reply, err := askCore[v1.LedgerReply](t, calls, "slack", broker.MethodRecord, record); err != nil || reply.Stale {
		t.Errorf("record: %+v, %v", reply, err)
	}
	failure := v1.Failure{DeliveryKey: cardKey(), Attempt: claim.Attempt, Kind: "transient"}
	if reply, err := askCore[v1.LedgerReply](t, calls, "slack", broker.MethodFail, failure); err != nil || !reply.Stale {
		t.Errorf("fail: %+v, %v", reply, err)
	}
	request := c.ask("why")
	if reply, err := askCore[v1.SyncReply](t, calls, "slack", broker.MethodSync, v1.SyncRequest{}); err != nil ||
		len(reply.Requests) != 1 || reply.Requests[0].ID != request.ID {
		t.Errorf("sync: %+v, %v", reply, err)
	}
}

func TestCallsRefuse(t *testing.T) {
	c, _ := registered(t)
	calls := c.calls()
	_, err := askCore[v1.ClaimReply](t, calls, "nobody", broker.MethodClaim, claimFor(1))
	wantProblem(t, err, v1.CodeNotFound, 404)
	_, err = askCore[v1.OutcomeReply](t, calls, "nobody", broker.MethodOutcome, v1.OutcomeRequest{})
	wantProblem(t, err, v1.CodeNotFound, 404)
	_, err = askCore[v1.ClaimReply](t, calls, "slack", "conquer", claimFor(1))
	wantProblem(t, err, v1.CodeNotFound, 404)
	_, err = askCore[v1.ClaimReply](t, calls, "slack", broker.MethodClaim, "a claim")
	wantProblem(t, err, v1.CodeInvalid, 400)
	_, err = askCore[v1.ClaimReply](t, calls, "slack", broker.MethodClaim, strings.Repeat("x", maxCallBytes))
	wantProblem(t, err, v1.CodeTooLong, 413)
	_, err = askCore[v1.ResolveReply](t, calls, "slack", broker.MethodResolve,
		v1.ResolveRequest{People: make([]string, maxResolved+1)})
	wantProblem(t, err, v1.CodeTooLong, 413)
	if err := c.Store.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = askCore[v1.ClaimReply](t, calls, "slack", broker.MethodClaim, claimFor(1))
	wantProblem(t, err, v1.CodeUnavailable, 503)
	if strings.Contains(err.Error(), "closed") {
		t.Errorf("the reply tells the plugin about the store: %v", err)
	}
}

func TestCallsResolveOwnAccountsOnly(t *testing.T) {
	c, _ := registered(t)
	c.link("U0BOB", "bob")
	link := v1.Link{Identity: v1.Identity{Plugin: "jira", Tenant: "j", User: "b"}, Person: "bob"}
	if _, err := c.AddLink(t.Context(), c.admin, link); err != nil {
		t.Fatal(err)
	}
	reply, err := askCore[v1.ResolveReply](t, c.calls(), "slack", broker.MethodResolve,
		v1.ResolveRequest{People: []string{"bob", "carol", "nobody", ""}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]v1.Identity{"bob": {{Plugin: "slack", Tenant: "T0", User: "U0BOB"}}}
	if diff := cmp.Diff(want, reply.Identities); diff != "" {
		t.Errorf("identities differ (-want +got):\n%s", diff)
	}
}

func TestCallsTellOwnOutcomesOnly(t *testing.T) {
	c, _ := registered(t)
	register(t, c, "jira")
	action := core.ActionRecord{ID: "d1", Plugin: "slack", Created: c.clock.Now()}
	action.Answer.Result.Code = v1.CodeCounted
	if err := c.Store.Update(t.Context(), func(tx core.Tx) error { return tx.InsertAction(action) }); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		plugin, id string
		known      bool
	}{{"slack", "d1", true}, {"slack", "d2", false}, {"jira", "d1", false}} {
		reply, err := askCore[v1.OutcomeReply](t, c.calls(), test.plugin, broker.MethodOutcome, v1.OutcomeRequest{DecisionID: test.id})
		if err != nil || (reply.Result != nil) != test.known {
			t.Errorf("%s asks for %s: %+v, %v", test.plugin, test.id, reply.Result, err)
		}
	}
}

func TestHeartbeats(t *testing.T) {
	c, _ := registered(t)
	calls := c.calls()
	beat := func(replica string) {
		reply, err := askCore[v1.HeartbeatReply](t, calls, "slack", broker.MethodHeartbeat, v1.Heartbeat{Replica: replica})
		want := v1.HeartbeatReply{CoreVersion: "1.2.3", PublicURL: "https://accede.example.com"}
		if err != nil || reply != want {
			t.Errorf("heartbeat: %+v, %v", reply, err)
		}
	}
	alive := func() map[string]bool {
		found := map[string]bool{}
		for _, replica := range calls.Monitor.Replicas("slack") {
			found[replica.Replica] = replica.Alive
		}
		return found
	}
	beat("b")
	c.clock.Advance(aliveFor)
	beat("a")
	if diff := cmp.Diff(map[string]bool{"a": true, "b": true}, alive()); diff != "" {
		t.Errorf("replicas differ (-want +got):\n%s", diff)
	}
	c.clock.Advance(time.Second)
	if diff := cmp.Diff(map[string]bool{"a": true, "b": false}, alive()); diff != "" {
		t.Errorf("replicas differ (-want +got):\n%s", diff)
	}
	c.clock.Advance(rememberedFor - aliveFor)
	if diff := cmp.Diff(map[string]bool{"a": false}, alive()); diff != "" {
		t.Errorf("replicas differ (-want +got):\n%s", diff)
	}
	if got := calls.Monitor.Replicas("jira"); len(got) != 0 {
		t.Errorf("another plugin has replicas %+v", got)
	}
	for i := range maxReplicas + 1 {
		if err := calls.Monitor.Beat("loud", v1.Heartbeat{Replica: strings.Repeat("x", i+1)}); err != nil {
			t.Errorf("replica %d: %v", i, err)
		}
		c.clock.Advance(time.Millisecond)
	}
	remembered := calls.Monitor.Replicas("loud")
	if len(remembered) != maxReplicas || remembered[0].Replica != "xx" {
		t.Errorf("%d replicas are remembered, the first is %q; want the newest %d", len(remembered), remembered[0].Replica, maxReplicas)
	}
	refused(t, calls.Monitor.Beat("slack", v1.Heartbeat{}), v1.CodeInvalid)
}

func FuzzCalls(f *testing.F) {
	for _, method := range []string{
		broker.MethodClaim, broker.MethodRecord, broker.MethodFail, broker.MethodSync, broker.MethodResolve,
		broker.MethodOutcome, broker.MethodHeartbeat, "",
	} {
		f.Add(broker.CallSubject("slack", method), []byte(`{"destination":"C1","people":["a"],"cursor":"1.x","replica":"r"}`))
	}
	closed := closedStore{}
	calls := &Calls{
		Store: closed, Ledger: &Ledger{Store: closed, Now: time.Now}, Resync: &Resync{Store: closed, Now: time.Now},
		Monitor: &PluginMonitor{Now: time.Now}, Logger: slog.New(slog.DiscardHandler),
	}
	f.Fuzz(func(t *testing.T, subject string, data []byte) {
		var reply json.RawMessage
		err := v1.ParseCallReply(calls.Answer(t.Context(), subject, data), &reply)
		if _, ok := errors.AsType[*v1.Problem](err); err != nil && !ok {
			t.Errorf("%q on %q is answered by nonsense: %v", data, subject, err)
		}
	})
}

// closedStore refuses everything.
type closedStore struct{}

func (closedStore) View(context.Context, func(core.Reader) error) error { return errors.New("closed") }

func (closedStore) Update(context.Context, func(core.Tx) error) error { return errors.New("closed") }
func (closedStore) Close() error                                      { return nil }
