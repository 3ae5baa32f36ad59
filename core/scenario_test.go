package core_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
)

// scenario is a file in testdata/scenarios: roles, people, what they do, and what comes of it. See the README there.
type scenario struct {
	Title  string                 `json:"title"`
	Rules  []string               `json:"rules"`
	Start  time.Time              `json:"start"`
	Roles  map[string]v1.RoleSpec `json:"roles"`
	People map[string]v1.Person   `json:"people"`
	Steps  []step                 `json:"steps"`
	Expect expectation            `json:"expect"`
}

type step struct {
	// After passes before the step.
	After    v1.Duration            `json:"after"`
	Roles    map[string]v1.RoleSpec `json:"roles"`
	Ask      *askStep               `json:"ask"`
	Review   *reviewStep            `json:"review"`
	Override *overrideStep          `json:"override"`
	Withdraw string                 `json:"withdraw"`
	Use      string                 `json:"use"`
	// Refused and Says are the code and a part of the sentence with which the step is refused.
	Refused v1.Code `json:"refused"`
	Says    string  `json:"says"`
	// State is where the request stands after the step; Events what time brought.
	State  v1.State `json:"state"`
	Events []string `json:"events"`
}

type askStep struct {
	By        string      `json:"by"`
	SignedIn  v1.Duration `json:"signed_in_for"`
	StartIn   v1.Duration `json:"start_in"`
	LongText  int         `json:"reason_bytes"`
	Resources int         `json:"resource_count"`
	v1.RequestInput
}

type reviewStep struct {
	By      string      `json:"by"`
	Via     string      `json:"via"`
	StartIn v1.Duration `json:"start_in"`
	v1.ReviewInput
}

type overrideStep struct {
	By string `json:"by"`
	v1.OverrideInput
}

// expectation is what the last request and its explanation must show; what is absent is not looked at.
type expectation struct {
	State       v1.State            `json:"state"`
	Summary     string              `json:"summary"`
	Roles       []string            `json:"roles"`
	Thresholds  []string            `json:"thresholds"`
	Rules       []string            `json:"rules"`
	People      map[string]string   `json:"people"`
	Suggested   []string            `json:"suggested_reviewers"`
	Prompts     []string            `json:"prompts"`
	Annotations map[string][]string `json:"annotations"`
	Note        string              `json:"note"`
	// Times are counted from the scenario's start.
	Expires       v1.Duration `json:"expires"`
	AccessStarts  v1.Duration `json:"access_starts"`
	AccessExpires v1.Duration `json:"access_expires"`
	AccessRoles   []string    `json:"access_roles"`
	AccessEnded   *bool       `json:"access_ended"`
	AccessStarted *bool       `json:"access_started"`
	MaxDuration   v1.Duration `json:"max_duration"`
	SessionTTL    v1.Duration `json:"session_ttl"`
	NoEffect      []string    `json:"no_effect"`
}

func readScenario(t *testing.T, path string) scenario {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	read := scenario{Start: start}
	if err := decoder.Decode(&read); err != nil {
		t.Fatal(err)
	}
	if read.Title == "" || len(read.Rules) == 0 || len(read.Steps) == 0 {
		t.Fatal("a scenario needs a title, the rules it is about, and steps")
	}
	return read
}

// Every file in testdata/scenarios is a scenario; adding one is adding a file.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d scenarios, error %v; want at least 60", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			read := readScenario(t, file)
			p := &player{t: t, scenario: read, now: read.Start}
			p.compile()
			for i, step := range read.Steps {
				p.play(i+1, step)
			}
			p.check()
		})
	}
}

// player plays one scenario.
type player struct {
	t *testing.T
	scenario
	set       *policy.Set
	now       time.Time
	request   v1.Request
	suggested []string
	reviews   int
}

func (p *player) compile() {
	p.t.Helper()
	var documents []v1.Role
	for _, name := range slices.Sorted(maps.Keys(p.Roles)) {
		documents = append(documents, role(name, p.Roles[name]))
	}
	set, err := policy.Compile(documents)
	if err != nil {
		p.t.Fatal(err)
	}
	p.set = set
}

func (p *player) actor(name, via string) core.Actor {
	p.t.Helper()
	found, ok := p.People[name]
	if !ok {
		p.t.Fatalf("there is nobody called %s", name)
	}
	found.Name = name
	if via == "" {
		via = v1.ViaCLI
	}
	return core.Actor{Person: found, Via: via}
}

func (p *player) play(number int, step step) {
	p.t.Helper()
	p.now = p.now.Add(step.After.Std())
	events := p.elapse()
	if step.Events != nil {
		if diff := cmp.Diff(step.Events, events); diff != "" {
			p.t.Errorf("step %d: events (-want +got):\n%s", number, diff)
		}
	}
	if step.Roles != nil {
		maps.Copy(p.Roles, step.Roles)
		p.compile()
	}
	next, err := p.act(step)
	switch {
	case step.Refused != "":
		if err == nil || core.CodeOf(err) != step.Refused || !strings.Contains(err.Error(), step.Says) {
			p.t.Fatalf("step %d: error %v with code %q, want %q saying %q", number, err, core.CodeOf(err), step.Refused, step.Says)
		}
	case err != nil:
		p.t.Fatalf("step %d: %v", number, err)
	default:
		p.request = next
	}
	if step.State != "" && p.request.State != step.State {
		p.t.Errorf("step %d: state %s, want %s", number, p.request.State, step.State)
	}
}

// elapse lets time do what it does on its own.
func (p *player) elapse() []string {
	events := []string{}
	for p.request.ID != "" {
		next, event, changed := core.Elapse(p.request, p.now)
		if !changed {
			break
		}
		p.request = next
		events = append(events, strings.TrimSuffix(strings.TrimPrefix(event, "accede.request."), ".v1"))
	}
	return events
}

func (p *player) act(step step) (v1.Request, error) {
	switch {
	case step.Ask != nil:
		return p.ask(*step.Ask)
	case step.Review != nil:
		return p.review(*step.Review)
	case step.Override != nil:
		submission := core.Submission{ID: "override", Author: p.actor(step.Override.By, ""), Now: p.now}
		return core.Override(p.request, submission, step.Override.OverrideInput)
	case step.Withdraw != "":
		return core.Withdraw(p.request, p.actor(step.Withdraw, ""), v1.WithdrawInput{}, p.now)
	case step.Use != "":
		return core.UseAccess(p.request, p.actor(step.Use, ""), p.now)
	}
	return p.request, nil
}

func (p *player) ask(step askStep) (v1.Request, error) {
	input := step.RequestInput
	if step.StartIn != 0 {
		input.AssumeStart = p.now.Add(step.StartIn.Std())
	}
	if step.LongText > 0 {
		input.Reason = strings.Repeat("x", step.LongText)
	}
	for i := range step.Resources {
		input.Resources = append(input.Resources, v1.Resource{Kind: "db", Name: fmt.Sprint("db", i)})
	}
	ask := core.Ask{ID: requestID, Requester: p.actor(step.By, "").Person, Input: input, Now: p.now}
	if step.SignedIn != 0 {
		ask.SignedInUntil = p.now.Add(step.SignedIn.Std())
	}
	request, suggested, err := core.NewRequest(ask, p.set)
	p.suggested = suggested
	return request, err
}

func (p *player) review(step reviewStep) (v1.Request, error) {
	input := step.ReviewInput
	if step.StartIn != 0 {
		input.AssumeStart = p.now.Add(step.StartIn.Std())
	}
	if input.SeenFingerprint == "" {
		input.SeenFingerprint = p.request.Fingerprint
	}
	p.reviews++
	return core.Review(p.request, core.Submission{
		ID: fmt.Sprint("review-", p.reviews), Author: p.actor(step.By, step.Via), Input: input, Now: p.now,
	}, p.set)
}

func (p *player) check() {
	p.t.Helper()
	want, request := p.Expect, p.request
	var people []v1.Person
	for _, name := range slices.Sorted(maps.Keys(p.People)) {
		people = append(people, p.actor(name, "").Person)
	}
	explained := core.Explain(request, p.set, people, p.now)
	if want.State != "" && request.State != want.State {
		p.t.Errorf("state %s, want %s", request.State, want.State)
	}
	p.contains("summary", explained.Summary, want.Summary)
	p.contains("notes", strings.Join(slices.Concat(request.Notes, personNotes(explained)), "\n"), want.Note)
	for _, ruling := range explained.People {
		p.contains("why of "+ruling.Person.Name, ruling.Why, want.People[ruling.Person.Name])
	}
	for name := range want.People {
		p.actor(name, "") // nobody unknown may be expected
	}
	p.same("roles", want.Roles, request.Roles)
	p.same("suggested reviewers", want.Suggested, p.suggested)
	p.same("prompts", want.Prompts, request.Prompts)
	p.same("thresholds", want.Thresholds, each(explained.Thresholds, func(t v1.ThresholdProgress) string { return t.Text }))
	p.same("rules", want.Rules, each(explained.Rules, func(r v1.RuleProgress) string { return r.Text }))
	var silent []string
	for _, review := range request.Reviews {
		if review.NoEffect() {
			silent = append(silent, review.Author.Name)
		}
	}
	p.same("reviews without effect", want.NoEffect, silent)
	if want.Annotations != nil {
		if diff := cmp.Diff(want.Annotations, request.Annotations); diff != "" {
			p.t.Errorf("annotations (-want +got):\n%s", diff)
		}
	}
	p.checkTimes(want, request)
}

func personNotes(explained v1.Explanation) (notes []string) {
	for _, ruling := range explained.People {
		notes = append(notes, ruling.Notes...)
	}
	return notes
}

func each[T any](items []T, text func(T) string) []string {
	all := make([]string, 0, len(items))
	for _, item := range items {
		all = append(all, text(item))
	}
	return all
}

func (p *player) checkTimes(want expectation, request v1.Request) {
	p.t.Helper()
	length := func(what string, want, got v1.Duration) {
		if want != 0 && want != got {
			p.t.Errorf("%s is %s, want %s", what, got, want)
		}
	}
	since := func(at time.Time) v1.Duration { return v1.Duration(at.Sub(p.Start)) }
	length("expiry", want.Expires, since(request.Expires))
	length("max duration", want.MaxDuration, request.MaxDuration)
	length("session", want.SessionTTL, request.SessionTTL)
	access := request.Access
	if access == nil {
		if want.AccessExpires != 0 || want.AccessRoles != nil || want.AccessEnded != nil || want.AccessStarted != nil {
			p.t.Error("there is no access")
		}
		return
	}
	length("start of access", want.AccessStarts, since(access.Starts))
	length("end of access", want.AccessExpires, since(access.Expires))
	p.same("roles of the access", want.AccessRoles, access.Roles)
	if want.AccessEnded != nil && *want.AccessEnded != (access.Ended != nil) {
		p.t.Errorf("access %+v, want ended %v", access, *want.AccessEnded)
	}
	if want.AccessStarted != nil && *want.AccessStarted != (access.Started != nil) {
		p.t.Errorf("access %+v, want started %v", access, *want.AccessStarted)
	}
}

func (p *player) contains(what, got, want string) {
	p.t.Helper()
	if !strings.Contains(got, want) {
		p.t.Errorf("%s is %q, want %q in it", what, got, want)
	}
}

func (p *player) same(what string, want, got []string) {
	p.t.Helper()
	if want == nil {
		return
	}
	if got == nil {
		got = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
