package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// start is the time at which everything in the suite happens; stores keep microseconds.
func start() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 123456000, time.UTC) }

// Run runs the suite. newStore returns an empty store that is closed when the test ends.
func Run(t *testing.T, newStore func(t *testing.T) core.Store) {
	t.Helper()
	tests := map[string]func(*testing.T, core.Store){
		"requests/read back what was stored":             readsBack,
		"requests/refuse other versions":                 refusesOtherVersions,
		"requests/list newest first in pages":            listsNewestFirst,
		"requests/filters agree with a model":            agreesWithModel,
		"requests/find a like ask while it is pending":   findsLikeAsk,
		"requests/are due when their time has come":      findsDue,
		"requests/are unsettled until shown":             findsUnsettled,
		"requests/are looked at in pages":                scansWhatIsWanted,
		"requests/wait, oldest first":                    findsPending,
		"requests/wait among many":                       findsPendingAmongMany,
		"requests/are granted until their access ends":   findsGranted,
		"people/are found by name and address":           findsPeople,
		"people/have addresses of their own":             refusesSharedAddress,
		"roles/raise the policy's version":               raisesPolicyVersion,
		"tokens/live and end":                            keepsTokens,
		"passkeys/come, are used and go":                 keepsPasskeys,
		"links/belong to one person":                     keepsLinks,
		"plugins/come and go":                            keepsPlugins,
		"deliveries/read back what was stored":           keepsDeliveries,
		"deliveries/are found by request and while open": findsCards,
		"deliveries/are due":                             findsDueDeliveries,
		"notebooks/keep the newest entries":              keepsNotebooks,
		"outbox/keeps the order and what is left":        keepsOutbox,
		"outbox/finds its place after pruning":           findsPlace,
		"actions/happen once":                            keepsActions,
		"audit/keeps the order":                          keepsAudit,
		"relay/starts empty":                             keepsRelay,
		"prune/deletes only what is old":                 prunes,
		"transactions/leave nothing after an error":      leavesNothing,
		"transactions/survive a panic":                   survivesPanic,
		"transactions/read their own writes":             readsOwnWrites,
		"transactions/isolate their neighbours":          isolatesNeighbours,
		"transactions/count every one of many":           countsEveryOne,
		"transactions/show views one snapshot":           showsOneSnapshot,
		"transactions/give up while they wait":           givesUpWaiting,
		"transactions/are refused after the store ends":  refusesAfterClose,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, newStore(t)) })
	}
}

func update(t testing.TB, store core.Store, fn func(core.Tx) error) {
	t.Helper()
	if err := store.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, store core.Store, fn func(core.Reader) error) {
	t.Helper()
	if err := store.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// get reads one thing.
func get[T any](t testing.TB, store core.Store, read func(core.Reader) (T, error)) (value T) {
	t.Helper()
	view(t, store, func(reader core.Reader) (err error) {
		value, err = read(reader)
		return err
	})
	return value
}

// fails says that reading one thing gives an error.
func fails[T any](t testing.TB, store core.Store, want error, read func(core.Reader) (T, error)) {
	t.Helper()
	err := store.View(t.Context(), func(reader core.Reader) error {
		_, err := read(reader)
		return err
	})
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func refuses(t testing.TB, store core.Store, want error, fn func(core.Tx) error) {
	t.Helper()
	if err := store.Update(t.Context(), fn); !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

func newID(t testing.TB) string {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

// request is a pending one with everything in it that a store could lose.
func request(t testing.TB, roles ...string) v1.Request {
	t.Helper()
	if len(roles) == 0 {
		roles = []string{"dba"}
	}
	now := start()
	return v1.Request{
		ID: newID(t), Version: 1, Fingerprint: "f0f0f0f0f0f0f0f0", State: v1.StatePending,
		Requester: v1.PersonRef{Name: "alice", DisplayName: "Alice", Email: "alice@example.com"},
		Roles:     roles, Reason: "ticket #123 – „Überprüfung“\n\x00 and a tab\t",
		SuggestedReviewers: []v1.PersonRef{{Name: "ivan"}, {Name: "bob"}},
		Created:            now, Updated: now.Add(789), Expires: now.Add(time.Hour),
		SessionTTL: v1.Duration(8 * time.Hour), MaxDuration: v1.Duration(72 * time.Hour),
		Thresholds: []v1.Threshold{{Name: "dba", Approve: 2, Deny: 1}},
		Rules:      []v1.Rule{{Role: "dba", From: "contractor", Require: v1.RequireAll, Thresholds: []int{0}}},
	}
}

// next is the request's next version in a state.
func next(r v1.Request, state v1.State) v1.Request {
	r.Version++
	r.State = state
	r.Updated = r.Updated.Add(time.Second)
	if state == v1.StateApproved {
		started := r.Created
		r.Access = &v1.Access{Roles: r.Roles, Starts: started, Started: &started, Expires: started.Add(72 * time.Hour)}
	}
	return r
}

func insert(t testing.TB, store core.Store, requests ...v1.Request) {
	t.Helper()
	update(t, store, func(tx core.Tx) error {
		for _, one := range requests {
			if err := tx.InsertRequest(one, "ask-"+one.ID); err != nil {
				return fmt.Errorf("inserting %s: %w", one.ID, err)
			}
		}
		return nil
	})
}

func save(t testing.TB, store core.Store, one v1.Request) v1.Request {
	t.Helper()
	update(t, store, func(tx core.Tx) error { return tx.SaveRequest(one) })
	return one
}

func ids(requests []v1.Request) []string {
	list := make([]string, 0, len(requests))
	for _, one := range requests {
		list = append(list, one.ID)
	}
	return list
}
