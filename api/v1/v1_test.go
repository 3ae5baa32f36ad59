package v1_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"4h": 4 * time.Hour, "1h30m": 90 * time.Minute, "30m": 30 * time.Minute, "1h0m5s": time.Hour + 5*time.Second,
		"10s": 10 * time.Second, "0s": 0, "100h": 100 * time.Hour, "10m": 10 * time.Minute,
	} {
		got, err := v1.ParseDuration(text)
		if err != nil || got.Std() != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("%v is written as %q, want %q", want, got, text)
		}
		encoded, err := json.Marshal(got)
		var again v1.Duration
		if err != nil || json.Unmarshal(encoded, &again) != nil || again != got {
			t.Errorf("%s does not survive JSON: %s, %v", text, encoded, err)
		}
	}
	if _, err := v1.ParseDuration("4 hours"); err == nil || !strings.Contains(err.Error(), "8h") {
		t.Errorf("error %v shows no example", err)
	}
}

func TestEventCarriesItsRequest(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	request := v1.Request{ID: "r1", Version: 7, State: v1.StatePending, Roles: []string{"dba"}, Created: at}
	event, err := v1.NewEvent("e1", "/accede/core", v1.EventCreated, "r1", at, 7, request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := v1.ParseEvent(body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parsed.Request()
	if err != nil || parsed.Sequence != 7 {
		t.Fatalf("sequence %d, error %v", parsed.Sequence, err)
	}
	if diff := cmp.Diff(request, got); diff != "" {
		t.Error(diff)
	}
	parsed.Subject = "r2"
	if _, err := parsed.Request(); err == nil {
		t.Error("an event about r2 that carries r1 is believed")
	}
}

func TestParseEventRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON": "{", "other version": `{"specversion":"2.0","id":"a","type":"t","subject":"s"}`,
		"no id": `{"specversion":"1.0","type":"t","subject":"s"}`, "too big": strings.Repeat(" ", v1.MaxEventBytes+1),
	} {
		if _, err := v1.ParseEvent([]byte(body)); err == nil {
			t.Errorf("%s is taken for an event", name)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"specversion":"1.0","id":"e","type":"accede.request.created.v1","subject":"r","data":{"id":"r","version":1}}`))
	f.Add([]byte(`{"specversion":"1.0","id":"e","type":"accede.decision.answer.v1","subject":"r","data":{"decision":{},"result":{}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		event, err := v1.ParseEvent(body)
		if err != nil {
			return
		}
		if event.ID == "" || event.Type == "" || event.Subject == "" {
			t.Fatalf("an incomplete event is taken: %+v", event)
		}
		if request, err := event.Request(); err == nil && request.ID != event.Subject {
			t.Fatalf("an event about %s gives request %s", event.Subject, request.ID)
		}
	})
}

func TestDecisionIDsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, parts := range [][4]string{{"slack", "t1", "u", "r"}, {"slack", "t1u", "", "r"}, {"slackt1", "", "u", "r"}, {"slack", "t1", "ur", ""}} {
		for _, verdict := range []v1.Verdict{v1.Approve, v1.Deny} {
			seen[v1.DecisionID(parts[0], parts[1], parts[2], parts[3], verdict)] = true
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d ids for 8 clicks", len(seen))
	}
}

func TestSensitive(t *testing.T) {
	for values, want := range map[string]struct {
		why    string
		marked bool
	}{
		"":                    {"", false},
		"true":                {"", true},
		"false":               {"", false},
		"customer data":       {"customer data", true},
		"yes|payments|no|law": {"payments, law", true},
	} {
		var request v1.Request
		if values != "" {
			request.Annotations = map[string][]string{"accede.dev/sensitive": strings.Split(values, "|")}
		}
		why, marked := request.Sensitive()
		if got := strings.Join(why, ", "); got != want.why || marked != want.marked {
			t.Errorf("%q: %q, %v", values, got, marked)
		}
	}
}
