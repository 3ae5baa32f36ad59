package teams

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/teams/teamssim"
)

func TestForgedCallbacksAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.counted()
	_, m := w.post(channelPlace(), "key-1", demoCard())
	w.click("ivan", m.ID, "approve")
	for kind, want := range map[string]struct {
		status int
		said   string
	}{
		"bad_signature":     {401, "forged"},
		"missing_signature": {401, "carries no token"},
		"stale":             {401, "out of its time"},
		"early":             {401, "out of its time"},
		"other_bot":         {401, "for another bot"},
		"other_issuer":      {401, "no good"},
		"unknown_key":       {401, "no good"},
		"no_algorithm":      {401, "forged"},
		"symmetric":         {401, "forged"},
		"webchat_key":       {403, "may not speak for Teams"},
		"webchat_channel":   {403, "another channel"},
		"tampered":          {403, "service address is not the one"},
		"no_service":        {403, "service address is not the one"},
		"foreign_service":   {403, "not one of Microsoft's"},
		"foreign_tenant":    {403, "another tenant"},
		"two_tenants":       {403, "another tenant"},
		"other_recipient":   {403, "another bot"},
	} {
		result, err := w.sim.Forge(t.Context(), teamssim.Forgery{Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		if result.Status != want.status || !strings.Contains(result.Said, want.said) {
			t.Errorf("%s: %d %s, want %d and %q", kind, result.Status, result.Said, want.status, want.said)
		}
	}
	if got := len(w.decisions.All()); got != 1 {
		t.Errorf("%d decisions, want the one that was genuine", got)
	}
}

func TestTheClockMayDifferByFiveMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.say("ivan")
	body := w.sim.LastBody()
	for ahead, want := range map[time.Duration]int{
		time.Hour + 4*time.Minute: 200, time.Hour + 6*time.Minute: 401, -5 * time.Minute: 200, -7 * time.Minute: 401,
	} {
		token, err := w.sim.Token(time.Minute, time.Hour) // begins a minute ago, ends in an hour
		if err != nil {
			t.Fatal(err)
		}
		w.bot.verifier.now = func() time.Time { return time.Now().Add(ahead) }
		if got := w.callback(token, body); got != want {
			t.Errorf("a clock off by %s: status %d, want %d", ahead, got, want)
		}
	}
}

// callback hands a body to the plugin directly.
func (w *world) callback(token string, body []byte) int {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/callback", strings.NewReader(string(body)))
	r.Header.Set("Authorization", "Bearer "+token)
	answer := httptest.NewRecorder()
	w.bot.Handler(w.decisions).ServeHTTP(answer, r)
	return answer.Code
}

func TestCallbacksThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	handler := w.bot.Handler(w.decisions)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/callback", nil))
	if answer.Code != http.StatusMethodNotAllowed || answer.Header().Get("Allow") != http.MethodPost {
		t.Errorf("GET: %d", answer.Code)
	}
	token, err := w.sim.Token(time.Minute, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"no JSON":         {"hello", 400},
		"no conversation": {`{"type":"message","serviceUrl":"https://x"}`, 400},
		"too large":       {`{"type":"` + strings.Repeat("x", maxCallback) + `"}`, 413},
	} {
		if got := w.callback(token, []byte(c.body)); got != c.want {
			t.Errorf("%s: status %d, want %d", name, got, c.want)
		}
	}
}

// say lets somebody write to the bot, which is a callback like any other.
func (w *world) say(user string) teamssim.Result {
	w.t.Helper()
	result, err := w.sim.Say(w.t.Context(), user, "hello")
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func TestKeysAreFetchedWhenNeededAndNotTooOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fetched := func(want int, when string) {
		t.Helper()
		if got := w.sim.KeysFetched(); got != want {
			t.Errorf("%s: keys were fetched %d times, want %d", when, got, want)
		}
	}
	w.say("ivan")
	w.say("bob")
	fetched(1, "after two clicks")
	for range 3 {
		if _, err := w.sim.Forge(t.Context(), teamssim.Forgery{Kind: "unknown_key"}); err != nil {
			t.Fatal(err)
		}
	}
	fetched(1, "an attacker's unknown keys, a moment later")
	if err := w.sim.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(refetchFloor + time.Second)
	if result := w.say("ivan"); !result.OK {
		t.Errorf("after a rotation: %+v", result)
	}
	fetched(2, "after a rotation")
	w.clock.Advance(keysFresh + time.Minute)
	w.say("ivan")
	fetched(3, "after a day")
}

func TestOldKeysServeWhileNewOnesCannotBeFetched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.say("ivan")
	if err := w.sim.Faults().Set(standin.Faults{FailBefore: 1, Only: []string{"openid", "keys"}}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(keysFresh + time.Hour)
	if result := w.say("ivan"); !result.OK {
		t.Errorf("a day later: %+v", result)
	}
	w.clock.Advance(keysStale)
	if result := w.say("ivan"); result.OK {
		t.Error("keys are believed for ever")
	}
	if err := w.sim.Faults().Set(standin.Faults{}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(retryFloor + time.Second)
	if result := w.say("ivan"); !result.OK {
		t.Errorf("when keys can be fetched again: %+v", result)
	}
}

func TestKeysComeFromTheSameHostAndAreStrong(t *testing.T) {
	t.Parallel()
	var answer string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/keys") {
			_, _ = w.Write([]byte(answer))
			return
		}
		_, _ = w.Write([]byte(`{"jwks_uri":"` + answer + `"}`))
	}))
	defer server.Close()
	w := newWorld(t)
	ring := newKeyring(server.URL, w.bot.api.http, time.Now, w.bot.log)
	answer = "https://keys.evil.example/keys"
	if _, err := ring.fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "another host") {
		t.Errorf("keys of another host: %v", err)
	}
	weak := keySet{}
	if _, err := weak.usable(); err == nil {
		t.Error("no keys are enough")
	}
	for name, exponent := range map[string]string{"even": "BA", "one": "AQ", "long": "AQABAQAB", "none": ""} {
		if _, ok := rsaKey(strings.Repeat("A", 400), exponent); ok {
			t.Errorf("an exponent that is %s is taken", name)
		}
	}
	if _, ok := rsaKey("AQAB", "AQAB"); ok {
		t.Error("a short key is taken")
	}
}

func TestServiceHosts(t *testing.T) {
	t.Parallel()
	hosts := newServiceHosts(&Config{Cloud: CloudPublic, ServiceHosts: []string{"Smba.Example.com"}})
	for address, want := range map[string]bool{
		"https://smba.trafficmanager.net/emea": true, "https://SMBA.trafficmanager.net/x/": true,
		"https://smba.infra.gcc.teams.microsoft.com/gcc": true, "https://smba.example.com": true,
		"http://smba.trafficmanager.net/emea": false, "https://smba.trafficmanager.net.evil.example/": false,
		"https://smba.trafficmanager.net@evil.example/": false, "https://user@smba.trafficmanager.net/": false,
		"https://smba.trafficmanager.net:8443/": false, "https://smba.trafficmanager.net/?x=1": false,
		"https://smba.infra.gov.teams.microsoft.us/": false, "": false, "://": false,
	} {
		if got := hosts.allow(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if !newServiceHosts(&Config{Cloud: CloudUSGov}).allow("https://smba.infra.gov.teams.microsoft.us/teams") {
		t.Error("the government's cloud is not its own")
	}
}
