package plugins_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

func at(minute int) time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC) }

func action() plugins.Action {
	return plugins.Action{
		RequestID: "01946a00-0000-7000-8000-000000000001", Version: 3, Fingerprint: "0123456789abcdef", Verdict: v1.Approve,
	}
}

func TestSealRoundTrip(t *testing.T) {
	sealer := plugins.NewSealer([]byte("key"))
	timed := action()
	timed.Verdict, timed.Expires = v1.Deny, at(30)
	for _, want := range []plugins.Action{action(), timed} {
		sealed, err := sealer.Seal(want, "U1")
		if err != nil || len(sealed) != 72 {
			t.Fatalf("sealed %q of %d characters, error %v", sealed, len(sealed), err)
		}
		got, err := sealer.Open(sealed, "U1", at(0))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	sealer := plugins.NewSealer([]byte("key"))
	timed := action()
	timed.Expires = at(30)
	sealed, err := sealer.Seal(timed, "U1")
	if err != nil {
		t.Fatal(err)
	}
	flipped := []byte(sealed)
	flipped[20] ^= 1
	for name, try := range map[string]func() (plugins.Action, error){
		"another audience": func() (plugins.Action, error) { return sealer.Open(sealed, "U2", at(0)) },
		"past its time":    func() (plugins.Action, error) { return sealer.Open(sealed, "U1", at(31)) },
		"another key":      func() (plugins.Action, error) { return plugins.NewSealer([]byte("other")).Open(sealed, "U1", at(0)) },
		"altered":          func() (plugins.Action, error) { return sealer.Open(string(flipped), "U1", at(0)) },
		"cut":              func() (plugins.Action, error) { return sealer.Open(sealed[:71], "U1", at(0)) },
		"empty":            func() (plugins.Action, error) { return sealer.Open("", "U1", at(0)) },
	} {
		if _, err := try(); !errors.Is(err, plugins.ErrSeal) {
			t.Errorf("%s: error %v, want ErrSeal", name, err)
		}
	}
	for _, broken := range []plugins.Action{{RequestID: "no id", Fingerprint: "0123456789abcdef"}, {RequestID: action().RequestID}} {
		if _, err := sealer.Seal(broken, ""); err == nil {
			t.Errorf("%+v is sealed", broken)
		}
	}
}

func TestNewCard(t *testing.T) {
	request := v1.Request{
		ID: "r1", Version: 2, Fingerprint: "0123456789abcdef", State: v1.StatePending, Roles: []string{"dba", "ops"},
		Requester: v1.PersonRef{Name: "alice", DisplayName: "Alice"}, SessionTTL: v1.Duration(time.Hour), Expires: at(30),
		Thresholds: []v1.Threshold{{Name: "managers", Approve: 2, Approvals: 1}, {Approve: 1}},
	}
	card := plugins.NewCard(request, plugins.ForReviewers, "https://accede.example.com/", true)
	if card.Title != "Alice asks for dba, ops" || card.Duration != time.Hour || len(card.Actions) != 2 {
		t.Errorf("card %+v", card)
	}
	if card.URL != "https://accede.example.com/requests/r1" {
		t.Errorf("URL %q", card.URL)
	}
	if got := fmt.Sprint(card.Progress); got != "[managers 1 of 2 approvals 0 of 1]" {
		t.Errorf("progress %s", got)
	}
	if got := plugins.FingerprintShown(card.Fingerprint); got != "0123-4567-89ab-cdef" {
		t.Errorf("fingerprint %s", got)
	}
	resolved := request
	resolved.State = v1.StateApproved
	for name, none := range map[string]plugins.Card{
		"requester": plugins.NewCard(request, plugins.ForRequester, "", true),
		"by link":   plugins.NewCard(request, plugins.ForReviewers, "", false),
		"resolved":  plugins.NewCard(resolved, plugins.ForReviewers, "", true),
	} {
		if len(none.Actions) != 0 || none.URL != "" {
			t.Errorf("%s: card %+v offers buttons or a link", name, none)
		}
	}
}

func TestACardShowsAStartThatLiesAhead(t *testing.T) {
	start, moment := at(30), at(31)
	request := func(change func(*v1.Request)) v1.Request {
		r := v1.Request{
			State: v1.StateApproved, AssumeStart: start, Resolution: &v1.Resolution{At: at(0)},
			Access: &v1.Access{Roles: []string{"dba"}, Starts: start, Expires: at(59)},
		}
		change(&r)
		return r
	}
	for name, test := range map[string]struct {
		request v1.Request
		want    time.Time
	}{
		"asked for": {request(func(r *v1.Request) { r.State, r.Access, r.Resolution = v1.StatePending, nil, nil }), start},
		"denied":    {request(func(r *v1.Request) { r.State, r.Access = v1.StateDenied, nil }), time.Time{}},
		"granted":   {request(func(*v1.Request) {}), start},
		"begun":     {request(func(r *v1.Request) { r.Access.Started = &moment }), time.Time{}},
		"ended":     {request(func(r *v1.Request) { r.Access.Ended = &moment }), time.Time{}},
		"at once":   {request(func(r *v1.Request) { r.Access.Starts = at(0) }), time.Time{}},
	} {
		card := plugins.NewCard(test.request, plugins.ForRequester, "", false)
		if !card.AccessStarts.Equal(test.want) {
			t.Errorf("%s: starts at %s, want %s", name, card.AccessStarts, test.want)
		}
	}
}

func TestKindOf(t *testing.T) {
	limited := &plugins.Error{Op: "posting message", Kind: plugins.RateLimited, Err: errors.New("429")}
	if got := plugins.KindOf(fmt.Errorf("wrapped: %w", limited)); got != plugins.RateLimited {
		t.Errorf("kind %s", got)
	}
	if got := plugins.KindOf(errors.New("who knows")); got != plugins.Unknown {
		t.Errorf("an error that does not say is %s, want unknown", got)
	}
}
