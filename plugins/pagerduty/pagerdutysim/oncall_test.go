package pagerdutysim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
)

func rows(got object) []string {
	var out []string
	list, _ := got["oncalls"].([]any)
	for _, row := range list {
		out = append(out, fmt.Sprintf("%v %v %v %v", dig(row, "user", "id"), dig(row, "schedule", "id"), dig(row, "escalation_policy", "id"), dig(row, "escalation_level")))
	}
	return out
}

func TestOnCallRows(t *testing.T) {
	account := pagerdutysim.Demo()
	account.Policies = append(account.Policies, pagerdutysim.Policy{ID: "PPOL2", Name: "Second", Levels: [][]string{{"PBOB001"}, {"PDEMO2"}}})
	w := newWorld(t, account)
	_, got := w.ask(http.MethodGet, "/oncalls?schedule_ids[]=PDEMO2", "")
	if text := strings.Join(rows(got), "|"); text != "PCAROL1 PDEMO2 PPOLDB1 2|PCAROL1 PDEMO2 PPOL2 2" {
		t.Errorf("one row per policy: %s", text)
	}
	if dig(got, "oncalls", 0, "user", "email") != nil {
		t.Error("an address that nobody asked for")
	}
	_, got = w.ask(http.MethodGet, "/oncalls?include[]=users&user_ids[]=PBOB001&escalation_policy_ids[]=PPOL2", "")
	if text := strings.Join(rows(got), "|"); text != "PBOB001 <nil> PPOL2 1" {
		t.Errorf("somebody named in the policy: %s", text)
	}
	if dig(got, "oncalls", 0, "user", "email") != "bob@example.com" || dig(got, "oncalls", 0, "end") != nil {
		t.Errorf("%v", got)
	}
	if _, got = w.ask(http.MethodGet, "/oncalls?schedule_ids[]=PDEMO3", ""); len(rows(got)) != 0 {
		t.Errorf("a shift-based schedule: %v", rows(got))
	}
	if _, got = w.ask(http.MethodGet, "/oncalls?limit=1", ""); len(rows(got)) != 1 || got["more"] != true {
		t.Errorf("a page of one: %v", got)
	}
	if status, _ := w.ask(http.MethodGet, "/oncalls?since=2026-03-02T00:00:00Z&until=2026-03-01T00:00:00Z", ""); status != 400 {
		t.Errorf("a time that runs backwards: %d", status)
	}
}

func TestBothGenerationsOfSchedules(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	for path, status := range map[string]int{
		"/v3/schedules/PDEMO1": 400, "/v3/schedules/PDEMO3": 200, "/v3/schedules/PNONE": 404, "/schedules/PDEMO3": 404, "/schedules/PDEMO1": 200,
	} {
		if got, answer := w.ask(http.MethodGet, path, ""); got != status {
			t.Errorf("%s: %d %v", path, got, answer)
		}
	}
	query := "?since=2026-03-02T12:00:00Z&until=2026-03-02T12:00:01Z&include[]=final_schedule"
	_, got := w.ask(http.MethodGet, "/v3/schedules/PDEMO3"+query, "")
	shift := dig(got, "schedule", "final_schedule", "computed_shift_assignments", 0)
	if dig(shift, "member", "user_id") != "PIVAN01" || dig(shift, "end_time") != "2026-03-02T12:00:01Z" {
		t.Errorf("cut to what was asked: %v", shift)
	}
	_, got = w.ask(http.MethodGet, "/v3/schedules/PDEMO3"+query+"&overflow=true", "")
	if end := dig(got, "schedule", "final_schedule", "computed_shift_assignments", 0, "end_time"); end != "2026-03-02T18:00:00Z" {
		t.Errorf("the whole shift ends at %v", end)
	}
	_, got = w.ask(http.MethodGet, "/schedules/PDEMO1?since=2026-03-02T12:00:00Z&until=2026-03-02T12:00:01Z", "")
	if dig(got, "schedule", "final_schedule", "rendered_schedule_entries", 0, "user", "id") == nil {
		t.Errorf("%v", got)
	}
}

func TestVisitorsPutPeopleOnCall(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	until := w.now().Add(time.Hour).UTC().Format(time.RFC3339)
	status, got := w.ask(http.MethodPut, "/sandbox/oncall", `{"schedule":"PDEMO1","person":"alice","level":2,"until":"`+until+`"}`)
	if status != 200 || !strings.Contains(fmt.Sprint(got), "alice") {
		t.Fatalf("%d %v", status, got)
	}
	_, got = w.ask(http.MethodGet, "/oncalls?schedule_ids[]=PDEMO1", "")
	if text := strings.Join(rows(got), "|"); text != "PALICE1 PDEMO1 PPOLDB1 2" {
		t.Errorf("rows %s", text)
	}
	for body, want := range map[string]int{
		`{"schedule":"PDEMO1","person":"nobody"}`: 409, `{"schedule":"PNONE","person":"alice"}`: 409, `{"schedule":"PDEMO1","person":"mallory"}`: 409,
		`{"schedule":"PDEMO1","person":"alice","level":-1}`: 409, `{"schedule":"PDEMO3","person":"alice","level":2}`: 409,
		`{"schedule":"PDEMO1","person":"alice","until":"2020-01-01T00:00:00Z"}`: 409, `{"who":"alice"}`: 400, `{"schedule":"PDEMO1","person":"ivan"}`: 200,
	} {
		if status, _ := w.ask(http.MethodPut, "/sandbox/oncall", body); status != want {
			t.Errorf("%s: %d, want %d", body, status, want)
		}
	}
	w.advance(61 * time.Minute)
	_, got = w.ask(http.MethodGet, "/oncalls?schedule_ids[]=PDEMO1", "")
	if text := strings.Join(rows(got), "|"); text != "PIVAN01 PDEMO1 PPOLDB1 1" {
		t.Errorf("after alice's hour: %s", text)
	}
	for _, path := range []string{"/sandbox/oncall?schedule=PDEMO1", "/sandbox/oncall"} {
		if status, got := w.ask(http.MethodDelete, path, ""); status != 200 || strings.Contains(fmt.Sprint(got), "forced") {
			t.Errorf("%s: %d %v", path, status, got)
		}
	}
	if status, _ := w.ask(http.MethodDelete, "/sandbox/oncall", `{"schedule":"PDEMO1"}`); status != 200 {
		t.Errorf("with a body: %d", status)
	}
}

func TestBrokenSchedulesAreRefused(t *testing.T) {
	for name, sc := range map[string]pagerdutysim.Schedule{
		"zone":  {ID: "P", TimeZone: "Nowhere/Land"},
		"start": {ID: "P", TimeZone: "UTC", Layers: []pagerdutysim.Layer{{Start: "yesterday"}}},
		"from":  {ID: "P", TimeZone: "UTC", Layers: []pagerdutysim.Layer{{Start: "2026-01-01", From: "noon"}}},
	} {
		if err := (pagerdutysim.Config{Subdomain: "x", Schedules: []pagerdutysim.Schedule{sc}}).Validate(); err == nil {
			t.Errorf("a schedule with a broken %s passes", name)
		}
	}
	if err := (pagerdutysim.Config{}).Validate(); err == nil {
		t.Error("an account without a name passes")
	}
}
