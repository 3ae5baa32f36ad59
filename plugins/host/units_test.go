package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

func TestRecipients(t *testing.T) {
	r := routes{
		"dba": {"#access", "#shared"}, "prod-*": {"#prod", "#shared"}, "prod-secret-*": {}, "*-eu-*": {"#eu"}, "*": {"#ops"},
		"silent": {},
	}
	for roles, want := range map[string][]string{
		"dba": {"#access", "#shared"}, "other": {"#ops"}, "prod-web": {"#prod", "#shared"}, "prod-": {"#prod", "#shared"},
		"prod-secret-x": {"#prod", "#shared"}, "a-eu-b": {"#eu"}, "silent": nil, "prod-eu-1": {"#eu", "#prod", "#shared"},
		"dba other": {"#access", "#shared", "#ops"}, "dba prod-web": {"#access", "#shared", "#prod"}, "": {"#ops"},
	} {
		if diff := cmp.Diff(want, r.recipients(strings.Split(roles, " "))); diff != "" {
			t.Errorf("%q: -want +got:\n%s", roles, diff)
		}
	}
	if got := (routes{"dba": {"#a"}}).recipients([]string{"other"}); got != nil {
		t.Errorf("without a default: %v", got)
	}
}

func TestMatches(t *testing.T) {
	for _, one := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true},
		{"a", "ab", false},
		{"*", "", true},
		{"a*", "a", true},
		{"*a", "ba", true},
		{"*a", "ab", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"a*b*c", "axbxbxc", true},
		{"a*b*c", "acb", false},
		{"**", "x", true},
		{"a*bc*bc", "abc", false},
		{"[a-z]", "b", false},
		{"ro?e", "role", false},
	} {
		if got := matches(one.pattern, one.name); got != one.want {
			t.Errorf("matches(%q, %q) = %v", one.pattern, one.name, got)
		}
	}
}

// TestEveryKindHasATreatment spells out the whole table: what is changed here is a decision.
func TestEveryKindHasATreatment(t *testing.T) {
	want := map[plugins.Kind]string{
		plugins.Transient:   "1s-5m0s park 2000 unsent WARN",
		plugins.RateLimited: "2s-1m0s pause park 2000 unsent INFO",
		plugins.Auth:        "15s-5m0s park 2000 unsent ERROR",
		plugins.Invalid:     "1s-1s park 1 unsent ERROR",
		plugins.NotFound:    "15s-5m0s park 60 unsent ERROR",
		plugins.Gone:        "1s-1s park 1 WARN",
		plugins.Unknown:     "1s-5m0s settle park 2000 WARN",
	}
	for _, kind := range append(plugins.Kinds(), "invented") {
		expected, ok := want[kind]
		if !ok {
			expected = want[plugins.Unknown]
		}
		if got := describe(treatmentOf(kind)); got != expected {
			t.Errorf("%s: %s, want %s", kind, got, expected)
		}
		if !slices.Contains(plugins.Kinds(), plugins.Kind(kindLabel(kind))) {
			t.Errorf("%s becomes the label %s", kind, kindLabel(kind))
		}
	}
}

func describe(t treatment) string {
	var words []string
	words = append(words, fmt.Sprintf("%s-%s", t.least, t.most))
	for word, is := range map[string]bool{"settle": t.settle, "pause": t.pause} {
		if is {
			words = append(words, word)
		}
	}
	words = append(words, fmt.Sprintf("park %d", t.parkAfter))
	if t.unsent {
		words = append(words, "unsent")
	}
	return strings.Join(append(words, t.level.String()), " ")
}

func TestBackoffGrowsWithinItsBounds(t *testing.T) {
	treat := treatmentOf(plugins.Transient)
	longest := time.Duration(0)
	for range 50 {
		last := time.Duration(0)
		for range 30 {
			next := treat.backoff(last)
			if next < treat.least || next > treat.most || last > 0 && next > max(3*last, treat.least) {
				t.Fatalf("after %s comes %s", last, next)
			}
			last = next
			longest = max(longest, next)
		}
	}
	if longest < treat.most/2 {
		t.Errorf("it never grew beyond %s", longest)
	}
}

func TestFailpoints(t *testing.T) {
	killed := 0
	hit, err := parseFailpoints("after_post:1,before_ack:0", func() { killed++ })
	if err != nil {
		t.Fatal(err)
	}
	for _, point := range failpointNames() {
		hit(point)
	}
	if killed != 1 {
		t.Errorf("killed %d times, want 1", killed)
	}
	for _, wrong := range []string{"after_post", "after_post:2", "nowhere:0.5", "after_post:-1", "after_post:NaN", "after_post:1,"} {
		if _, err := parseFailpoints(wrong, nil); err == nil || !strings.Contains(err.Error(), FailpointVariable) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestKeyedLockAdmitsOneAndForgets(t *testing.T) {
	locks := newKeyedLock()
	var inside, most int
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			release, err := locks.lock(t.Context(), "a")
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			mu.Lock()
			inside++
			most = max(most, inside)
			mu.Unlock()
			mu.Lock()
			inside--
			mu.Unlock()
		})
	}
	group.Wait()
	if most != 1 || len(locks.entries) != 0 {
		t.Errorf("%d at a time, %d entries left", most, len(locks.entries))
	}
	release, err := locks.lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := locks.lock(ended, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	release()
	if len(locks.entries) != 0 {
		t.Errorf("%d entries left", len(locks.entries))
	}
}

func TestSnapshotsKeepTheNewest(t *testing.T) {
	s := newSnapshots()
	for _, version := range []int64{2, 5, 3} {
		s.enter(v1.Request{ID: "r", Version: version})
	}
	if got := s.get("r").Version; got != 5 {
		t.Errorf("version %d, want 5", got)
	}
	for range 3 {
		s.leave("r")
	}
	if len(s.newest) != 0 {
		t.Errorf("%d left", len(s.newest))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory[int](10)
	for i := range 1000 {
		m.put(fmt.Sprint(i), i)
	}
	if got := len(m.young) + len(m.old); got > 10 {
		t.Errorf("%d entries", got)
	}
	if got, ok := m.get("999"); !ok || got != 999 {
		t.Errorf("the newest is gone: %d, %v", got, ok)
	}
	m.forget("999")
	if _, ok := m.get("999"); ok {
		t.Error("not forgotten")
	}
}

func TestExplanationsAreShortAndClean(t *testing.T) {
	err := &plugins.Error{Op: "posting", Kind: plugins.Transient, Err: errors.New("https://hooks.example.com/" + strings.Repeat("é", 600))}
	if got := explain(err); strings.Contains(got, "é") {
		t.Errorf("the path of an address is told: %s", got)
	}
	if got := explain(errors.New(strings.Repeat("é", 600))); len(got) > maxExplanation || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	if got := explain(&plugins.Error{Op: "x", Public: "Invite the bot.", Err: errors.New("not_in_channel")}); got != "Invite the bot." {
		t.Errorf("got %q", got)
	}
}

func TestVerdictsMerge(t *testing.T) {
	none, soon, late := verdict{}, verdict{again: true, after: time.Second}, verdict{again: true, after: time.Minute}
	for _, one := range []struct{ a, b, want verdict }{
		{none, none, none},
		{none, late, late},
		{late, none, late},
		{late, soon, soon},
		{soon, late, soon},
		{soon, verdict{again: true, broken: true, after: time.Hour}, verdict{again: true, broken: true, after: time.Second}},
	} {
		if got := one.a.merge(one.b); got != one.want {
			t.Errorf("%+v and %+v give %+v", one.a, one.b, got)
		}
	}
}
