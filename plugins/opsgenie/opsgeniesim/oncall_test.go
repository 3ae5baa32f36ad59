package opsgeniesim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
)

const (
	alice     = "a11ce000-0000-4000-8000-0000000000a1"
	escalated = "d3300000-0000-4000-8000-00000000d0a2"
	disabled  = "d3300000-0000-4000-8000-00000000d0a4"
)

func TestWhoIsOnCall(t *testing.T) {
	w := newWorld(t, opsgeniesim.Demo())
	genie, jsm := "/v2/schedules/", operations+"/schedules/"
	got := w.ask(http.MethodGet, genie+opsgeniesim.DemoSchedule+"/on-calls?flat=true", "")
	if dig(got.body, "data", "_parent", "enabled") != true || count(got.body, "data", "onCallRecipients") != 1 || !strings.Contains(got.text, "@example.com") {
		t.Errorf("flat: %s", got.text)
	}
	got = w.ask(http.MethodGet, genie+"Database%20primary/on-calls?scheduleIdentifierType=name", "")
	if text(got.body, "data", "onCallParticipants", 0, "type") != "user" {
		t.Errorf("by name: %s", got.text)
	}
	got = w.ask(http.MethodGet, jsm+opsgeniesim.DemoSchedule+"/on-calls?flat=true", "")
	if count(got.body, "onCallUsers") != 1 || !strings.Contains(got.text, "712020:") || got.body["_parent"] != nil {
		t.Errorf("Operations, flat: %s", got.text)
	}
	got = w.ask(http.MethodGet, genie+escalated+"/on-calls", "")
	group := dig(got.body, "data", "onCallParticipants", 0)
	if text(group, "type") != "escalation" || count(group, "onCallParticipants") != 3 || dig(group, "onCallParticipants", 1, "escalationTime") != 10.0 {
		t.Errorf("an escalation: %s", got.text)
	}
	if got := w.ask(http.MethodGet, genie+escalated+"/on-calls?flat=true", ""); count(got.body, "data", "onCallRecipients") != 3 {
		t.Errorf("flat folds everybody in: %s", got.text)
	}
	if got := w.ask(http.MethodGet, genie+disabled+"/on-calls", ""); dig(got.body, "data", "_parent", "enabled") != false {
		t.Errorf("disabled: %s", got.text)
	}
	if got := w.ask(http.MethodGet, jsm+disabled, ""); got.body["enabled"] != false {
		t.Errorf("disabled: %s", got.text)
	}
	for _, path := range []string{genie + "none/on-calls", jsm + "none/on-calls", jsm + "Database%20primary", genie + "none/timeline", jsm + "none/timeline", genie + "none"} {
		if got := w.ask(http.MethodGet, path, ""); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestTimelines(t *testing.T) {
	account := opsgeniesim.Demo()
	from := time.Now().UTC().Add(-time.Hour).Truncate(time.Minute)
	account.Schedules[0].Overrides = []opsgeniesim.Override{{Who: "alice", From: from, Until: from.Add(2 * time.Hour)}}
	w := newWorld(t, account)
	for root, path := range map[string][]any{"/v2": {"data"}, operations: {}} {
		got := w.ask(http.MethodGet, root+"/schedules/"+opsgeniesim.DemoSchedule+"/timeline?interval=2&intervalUnit=weeks", "")
		found := fmt.Sprint(dig(got.body, append(path, "finalTimeline", "rotations", 0, "periods")...))
		if !strings.Contains(found, "override") || !strings.Contains(found, alice) || !strings.Contains(found, from.Add(2*time.Hour).Format("2006-01-02T15:04")) {
			t.Errorf("%s: %s", root, found)
		}
	}
	account.NoTimeline = true
	w = newWorld(t, account)
	for _, root := range roots() {
		if got := w.ask(http.MethodGet, root+"/schedules/"+opsgeniesim.DemoSchedule+"/timeline", ""); got.status != http.StatusPaymentRequired {
			t.Errorf("%s: %d", root, got.status)
		}
	}
}

func TestVisitorsPutPeopleOnCall(t *testing.T) {
	w := newWorld(t, opsgeniesim.Demo())
	until := w.now().Add(time.Hour).UTC().Format(time.RFC3339)
	ask := `{"schedule":"` + opsgeniesim.DemoSchedule + `","person":"alice","level":3,"until":"` + until + `"}`
	if got := w.ask(http.MethodPut, "/sandbox/oncall", ask); got.status != 200 || !strings.Contains(got.text, `"forced":true`) {
		t.Fatalf("%d %s", got.status, got.text)
	}
	got := w.ask(http.MethodGet, "/v2/schedules/"+opsgeniesim.DemoSchedule+"/on-calls", "")
	group := dig(got.body, "data", "onCallParticipants", 0)
	if text(group, "type") != "escalation" || count(group, "onCallParticipants") != 2 || text(group, "onCallParticipants", 1, "id") != alice ||
		dig(group, "onCallParticipants", 1, "escalationTime") != 20.0 {
		t.Errorf("the third level: %s", got.text)
	}
	if got := w.ask(http.MethodGet, "/v2/schedules/"+escalated+"/on-calls?flat=true", ""); !strings.Contains(got.text, "alice@example.com") {
		t.Errorf("a schedule inside an escalation: %s", got.text)
	}
	for body, want := range map[string]int{
		`{"schedule":"` + opsgeniesim.DemoSchedule + `","person":"nobody"}`: 409, `{"schedule":"none","person":"alice"}`: 409,
		`{"schedule":"` + opsgeniesim.DemoSchedule + `","person":"mallory"}`:                              409,
		`{"schedule":"` + opsgeniesim.DemoSchedule + `","person":"alice","level":-1}`:                     409,
		`{"schedule":"` + opsgeniesim.DemoSchedule + `","person":"alice","level":99}`:                     409,
		`{"schedule":"` + opsgeniesim.DemoSchedule + `","person":"alice","until":"2020-01-01T00:00:00Z"}`: 409,
		`{"who":"alice"}`: 400, `{"schedule":"` + opsgeniesim.DemoSchedule + `","person":"ivan"}`: 200,
	} {
		if got := w.ask(http.MethodPut, "/sandbox/oncall", body); got.status != want {
			t.Errorf("%s: %d, want %d", body, got.status, want)
		}
	}
	w.advance(61 * time.Minute)
	got = w.ask(http.MethodGet, "/v2/schedules/"+opsgeniesim.DemoSchedule+"/on-calls?flat=true", "")
	if strings.Contains(got.text, "alice") || !strings.Contains(got.text, "ivan@example.com") {
		t.Errorf("after alice's hour: %s", got.text)
	}
	for _, path := range []string{"/sandbox/oncall?schedule=" + opsgeniesim.DemoSchedule, "/sandbox/oncall"} {
		if got := w.ask(http.MethodDelete, path, ""); got.status != 200 || strings.Contains(got.text, "forced") {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
	if got := w.ask(http.MethodDelete, "/sandbox/oncall", `{"schedule":"`+opsgeniesim.DemoSchedule+`"}`); got.status != 200 {
		t.Errorf("with a body: %d", got.status)
	}
}

func TestPeopleAndGroups(t *testing.T) {
	account := opsgeniesim.Demo()
	account.Users[3].HidesEmail, account.Users[4].App = true, true
	w := newWorld(t, account)
	for path, want := range map[string]string{
		"/v2/users/alice@example.com": alice, "/v2/users/ALICE@example.com": alice, "/v2/users/" + alice: "alice@example.com",
		"/v2/users?limit=2": "offset=2", "/v2/escalations/Database%20escalation?identifierType=name": "d3300000-0000-4000-8000-0000000000e5",
		"/v2/teams/Database?identifierType=name": "00db", "/v2/schedules/Database%20primary?identifierType=name": opsgeniesim.DemoSchedule,
		operations + "/teams?size=1": "offset=1", operations + "/schedules?query=sun": "Follow the sun",
		"/rest/api/3/user/search?query=alice@": "alice@example.com", "/rest/api/3/user?accountId=712020:" + alice: "Alice Moreau",
		"/rest/api/3/user/search?query=bob@": "Bob Okafor", "/rest/api/3/user/search?query=carol": `"app"`,
	} {
		if got := w.ask(http.MethodGet, path, ""); got.status != 200 || !strings.Contains(got.text, want) {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
	for path, unwanted := range map[string]string{
		"/rest/api/3/user/search?query=bob@": "bob@example.com", "/rest/api/3/user/search?query=mallory": "mallory", "/rest/api/3/user/search?query=": "account",
	} {
		if got := w.ask(http.MethodGet, path, ""); strings.Contains(got.text, unwanted) {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	for _, path := range []string{"/v2/users/mallory@evil.example", "/v2/users/nobody", "/rest/api/3/user?accountId=none", "/v2/teams/none"} {
		if got := w.ask(http.MethodGet, path, ""); got.status != 404 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestBrokenAccountsAreRefused(t *testing.T) {
	with := func(sc opsgeniesim.Schedule) opsgeniesim.Config {
		return opsgeniesim.Config{Account: "x", CloudID: "y", Schedules: []opsgeniesim.Schedule{sc}}
	}
	rotation := func(r opsgeniesim.Rotation) opsgeniesim.Config {
		return with(opsgeniesim.Schedule{TimeZone: "UTC", Rotations: []opsgeniesim.Rotation{r}})
	}
	for name, broken := range map[string]opsgeniesim.Config{
		"zone": with(opsgeniesim.Schedule{TimeZone: "Nowhere/Land"}), "start": rotation(opsgeniesim.Rotation{Start: "yesterday"}),
		"from": rotation(opsgeniesim.Rotation{Start: "2026-01-01", From: "noon"}), "nothing": {},
		"somebody": rotation(opsgeniesim.Rotation{Start: "2026-01-01", Who: []string{"nobody"}}),
	} {
		if broken.Validate() == nil {
			t.Errorf("an account with a broken %s passes", name)
		}
	}
}
