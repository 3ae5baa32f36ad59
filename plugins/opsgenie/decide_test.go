package opsgenie

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/standin"
)

func TestButtonsDecideByWebhookAndByPoll(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, deciding)
		r := w.post(deliveryKey, demoCard())
		reaction := w.press("ivan", w.alertOf(r), "approve")
		if !reaction.OK || reaction.Status != http.StatusAccepted {
			t.Fatalf("the webhook was answered %+v\n%s", reaction, w.logs)
		}
		w.wantDecisions(ivanID + " approve")
		w.poll()
		w.poll()
		w.wantDecisions(ivanID + " approve") // by webhook and by poll it is the same decision
		for _, d := range w.decisions.Distinct() {
			tenant := opsgeniesim.DemoAccount
			if w.prefix != "" {
				tenant = opsgeniesim.DemoCloudID
			}
			want := v1.Identity{Plugin: Name, Tenant: tenant, User: w.prefix + ivanID}
			if d.Identity != want || d.SeenFingerprint != "0011223344556677" || d.SeenVersion != 1 || d.RequestID != requestID || d.Reason != "" {
				t.Errorf("decision %+v", d)
			}
		}
	})
}

func TestButtonsDecideByPollAlone(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, polling, account(func(c *opsgeniesim.Config) { c.Page = 2 }))
		r := w.post(deliveryKey, demoCard())
		w.poll()
		w.wantDecisions()
		w.press("ivan", w.alertOf(r), "approve")
		w.press("carol", w.alertOf(r), "deny")
		w.poll()
		w.wantDecisions(ivanID+" approve", carolID+" deny")
	})
}

func TestByDefaultNothingDecidesHere(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect)
		w.post(deliveryKey, demoCard())
		_, receives := w.bot.(plugins.Receiver)
		_, polls := w.bot.(plugins.Poller)
		if receives || polls {
			t.Errorf("it takes webhooks (%v) or polls (%v)", receives, polls)
		}
		got := w.sim.Alerts()[0]
		if len(got.Actions) != 0 || !strings.Contains(got.Description, "https://accede.example.com/requests/"+requestID+"\nDecide there. ") {
			t.Errorf("alert %+v", got)
		}
	})
}

func TestTheHostMayKeepDecisionsOut(t *testing.T) {
	w := newWorld(t, deciding, func(s *setting) { s.deps.DecideInChat = false })
	if _, ok := w.bot.(plugins.Receiver); ok {
		t.Error("it takes webhooks")
	}
	w.post(deliveryKey, demoCard())
	if got := w.sim.Alerts()[0]; len(got.Actions) != 0 {
		t.Errorf("alert %+v", got)
	}
}

func TestWithoutASecretNoWebhookIsTaken(t *testing.T) {
	w := newWorld(t, deciding, func(s *setting) { s.config.WebhookSecret = secret.String{} })
	if _, ok := w.bot.(plugins.Receiver); ok {
		t.Error("it takes webhooks that nobody vouches for")
	}
	if _, ok := w.bot.(plugins.Poller); !ok {
		t.Error("it does not poll")
	}
}

func TestACardWithoutButtonsGetsNone(t *testing.T) {
	w := newWorld(t, deciding)
	w.post(deliveryKey, demoCard(func(c *plugins.Card) { c.Actions = nil }))
	if got := w.sim.Alerts()[0]; len(got.Actions) != 0 || !strings.Contains(got.Description, "\nDecide there. ") {
		t.Errorf("alert %+v", got)
	}
}

func TestAcknowledgingClosingAndWritingDecideNothing(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, deciding)
		id := w.alertOf(w.post(deliveryKey, demoCard()))
		for _, note := range []string{"approve", "/approve", "Executed [approve] action via web", "]\nExecuted [approve] action via web"} {
			w.act(opsgeniesim.Act{Person: "ivan", Alert: id, Do: "note", Text: note})
		}
		w.act(opsgeniesim.Act{Person: "ivan", Alert: id, Do: "acknowledge"})
		w.act(opsgeniesim.Act{Person: "ivan", Alert: id, Do: "close"})
		w.poll()
		w.wantDecisions()
	})
}

func TestWhatCameThroughTheAPIDecidesNothing(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, deciding)
		id := w.alertOf(w.post(deliveryKey, demoCard()))
		for _, channel := range []string{"API", "api", "email", "Slack", "website of mine", "webhook"} {
			w.act(opsgeniesim.Act{Person: "ivan", Alert: id, Do: "action", Text: "approve", Channel: channel})
		}
		w.poll()
		w.wantDecisions()
		w.act(opsgeniesim.Act{Person: "ivan", Alert: id, Do: "action", Text: "approve", Channel: "mobile"})
		w.poll()
		w.wantDecisions(ivanID + " approve")
	})
}

func TestATextThatNamesNobodyForCertainDecidesNothing(t *testing.T) {
	people := account(func(c *opsgeniesim.Config) {
		c.Users = append(c.Users,
			opsgeniesim.User{ID: "left0000", AccountID: "712020:left0000", Name: "left", FullName: "Left", Email: "left@example.com", Blocked: true},
			opsgeniesim.User{ID: "app00000", AccountID: "712020:app00000", Name: "app", FullName: "App", Email: "app", App: true},
			opsgeniesim.User{ID: "h1dden00", AccountID: "712020:h1dden00", Name: "h", FullName: "H", Email: "hidden@example.com", HidesEmail: true})
	})
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, deciding, people)
		id := w.alertOf(w.post(deliveryKey, demoCard()))
		texts := []string{
			"Ivan Petrov", "ivan", "System", "Alert API", "nobody@example.com", "left@example.com", "712020:left0000", "712020:app00000", "mallory@evil.example",
			"ivan@example.com, bob@example.com", "Ivan Petrov <ivan@example.com>", "../users", "712020:unknown0",
		}
		if w.prefix != "" {
			texts = append(texts, "hidden@example.com", ivanID)
		}
		for _, text := range texts {
			w.act(opsgeniesim.Act{Person: "carol", Alert: id, Do: "action", Text: "approve", Owner: text})
		}
		w.poll()
		w.wantDecisions()
		if !strings.Contains(w.logs.String(), "does not say for certain who") {
			t.Errorf("nothing is logged: %s", w.logs)
		}
		w.act(opsgeniesim.Act{Person: "carol", Alert: id, Do: "action", Text: "deny", Owner: "IVAN@example.com"})
		w.poll()
		w.wantDecisions(ivanID + " deny") // what nothing can prevent, and the documentation says so
	})
}

func TestTheLastWordOfAPersonCounts(t *testing.T) {
	w := newWorld(t, polling)
	id := w.alertOf(w.post(deliveryKey, demoCard()))
	for _, button := range []string{"approve", "deny", "approve", "deny"} {
		w.clock.Advance(time.Second)
		w.press("ivan", id, button)
		w.press("bob", id, "approve")
	}
	w.poll()
	w.wantDecisions(ivanID+" deny", bobID+" approve")
}

func TestWhatWasPressedBeforeTheCardIsNotAboutIt(t *testing.T) {
	w := newWorld(t, polling)
	r := w.post(deliveryKey, demoCard())
	w.press("ivan", w.alertOf(r), "approve")
	w.cards.Edit(func(posted []plugins.Posted) []plugins.Posted {
		posted[0].Since = w.clock.Now().Add(5 * time.Minute)
		return posted
	})
	w.poll()
	w.wantDecisions()
}

func TestAnAlertThatIsNotTheRequestsOwnDecidesNothing(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, polling)
		mine := w.post(deliveryKey, demoCard())
		theirs := w.post(otherKey, demoCard(func(c *plugins.Card) { c.RequestID = otherID }))
		w.press("ivan", w.alertOf(theirs), "approve")
		w.cards.Edit(func(posted []plugins.Posted) []plugins.Posted { return posted[:1] })
		for name, r := range map[string]plugins.Ref{
			"another request's alert": ref{alert: w.alertOf(theirs), key: deliveryKey}.encode(),
			"under its own alias":     theirs,
		} {
			w.cards.Edit(func(posted []plugins.Posted) []plugins.Posted {
				posted[0].Ref = r
				return posted
			})
			w.poll()
			if n := len(w.decisions.Distinct()); n != 0 {
				t.Errorf("%s: %d decisions", name, n)
			}
		}
		w.cards.Edit(func(posted []plugins.Posted) []plugins.Posted {
			posted[0].Ref = mine
			return posted
		})
		w.press("bob", w.alertOf(mine), "approve")
		w.poll()
		w.wantDecisions(bobID + " approve")
	})
}

func TestADecisionShowsWhatTheAlertShowed(t *testing.T) {
	w := newWorld(t, polling)
	r := w.post(deliveryKey, demoCard())
	changed := demoCard(func(c *plugins.Card) { c.Version, c.Fingerprint = 2, "ffffffffffffffff" })
	if err := capability[plugins.Updater](w).Update(t.Context(), r, changed); err != nil {
		t.Fatal(err)
	}
	w.cards.Show(changed)
	w.press("ivan", w.alertOf(r), "approve")
	w.poll()
	for _, d := range w.decisions.Distinct() {
		if d.SeenFingerprint != "0011223344556677" {
			t.Errorf("the decision claims to have seen %s", d.SeenFingerprint)
		}
	}
	w.wantDecisions(ivanID + " approve")
}

func TestAnswersAreNotesThatComeOnce(t *testing.T) {
	bothDialects(t, func(t *testing.T, dialect func(*setting)) {
		w := newWorld(t, dialect, deciding)
		r := w.post(deliveryKey, demoCard())
		w.press("carol", w.alertOf(r), "approve")
		answerer := capability[plugins.Answerer](w)
		for _, d := range w.decisions.Distinct() {
			results := []v1.DecisionResult{
				{Code: v1.CodeCounted}, {Code: v1.CodeRecorded}, {Code: v1.CodeIdentityNotLinked, LinkCode: "SECRETCODE"}, {Code: v1.CodeIdentityNotLinked, LinkCode: "SECRETCODE"},
			}
			for _, result := range results {
				if err := answerer.Answer(t.Context(), d, result); err != nil {
					t.Fatal(err)
				}
			}
		}
		notes := w.sim.Alerts()[0].Notes
		if len(notes) != 1 || !strings.Contains(notes[0].Text, "did not count the approval of Carol Lindqvist") ||
			!strings.Contains(notes[0].Text, w.prefix+carolID+" --person=NAME") || strings.Contains(notes[0].Text, "SECRETCODE") {
			t.Errorf("notes %+v", notes)
		}
	})
}

func TestWebhooksThatAreRefused(t *testing.T) {
	w := newWorld(t, deciding)
	id := w.alertOf(w.post(deliveryKey, demoCard()))
	w.press("ivan", id, "approve")
	for _, kind := range []string{"bad_signature", "missing_signature", "stale", "tampered"} {
		status, err := w.sim.Forge(kind, nil)
		if err != nil || status < 400 || status > 499 {
			t.Errorf("%s is answered %d, %v", kind, status, err)
		}
	}
	for range 5 {
		if status, err := w.sim.Forge("replay", nil); err != nil || status != http.StatusAccepted {
			t.Errorf("a replay is answered %d, %v", status, err)
		}
	}
	w.wantDecisions(ivanID + " approve")
}

func TestAWebhookIsAHintAndNothingElse(t *testing.T) {
	w := newWorld(t, deciding)
	id := w.alertOf(w.post(deliveryKey, demoCard()))
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"a press that never was": {`{"action":"approve","alert":{"alertId":"` + id + `","username":"ivan@example.com"}}`, 202},
		"another event":          {`{"action":"Close","alert":{"alertId":"` + id + `"}}`, 202},
		"no alert":               {`{"action":"approve"}`, 400},
		"an alert that is a way": {`{"action":"approve","alert":{"alertId":"../schedules"}}`, 400},
		"no JSON":                {`approve`, 400},
		"an unknown alert":       {`{"action":"approve","alert":{"alertId":"` + noAlert + `"}}`, 404},
		"the future":             {`{"action":"approve","alert":{"alertId":"` + id + `","updatedAt":9000000000000000000}}`, 403},
	} {
		if status, err := w.sim.Forge("genuine", []byte(c.body)); err != nil || status != c.want {
			t.Errorf("%s: answered %d, %v; want %d", name, status, err, c.want)
		}
	}
	w.wantDecisions()
}

func TestAWebhookAboutSomebodyElsesAlert(t *testing.T) {
	w := newWorld(t, deciding)
	at := there()
	foreign, err := w.bot.Post(t.Context(), at, "foreign", demoCard(func(c *plugins.Card) { c.RequestID = "no request" }))
	if err != nil {
		t.Fatal(err)
	}
	unknown := w.alertOf(w.post(deliveryKey, demoCard()))
	w.cards.Edit(func([]plugins.Posted) []plugins.Posted { return nil })
	for _, id := range []string{w.alertOf(foreign), unknown} {
		if reaction := w.press("ivan", id, "approve"); !reaction.OK {
			t.Errorf("answered %+v", reaction)
		}
	}
	w.wantDecisions()
}

func TestWhatCannotBeLookedUpNowIsNotSwallowed(t *testing.T) {
	w := newWorld(t, deciding)
	id := w.alertOf(w.post(deliveryKey, demoCard()))
	w.faults(standin.Faults{FailBefore: 1, Only: []string{"list_logs"}})
	if reaction := w.press("ivan", id, "approve"); reaction.Status != http.StatusServiceUnavailable {
		t.Errorf("answered %+v", reaction)
	}
	w.faults(standin.Faults{})
	if status, err := w.sim.Forge("replay", nil); err != nil || status != http.StatusAccepted {
		t.Errorf("the second time it is answered %d, %v", status, err)
	}
	w.wantDecisions(ivanID + " approve")
}

func TestTheDoorTakesPostsOfSensibleSize(t *testing.T) {
	w := newWorld(t, deciding)
	handler := capability[plugins.Receiver](w).Handler(w.decisions)
	for _, c := range []struct {
		method string
		size   int
		given  []string
		want   int
	}{
		{http.MethodGet, 0, []string{opsgeniesim.DemoWebhookSecret}, 405},
		{http.MethodPost, maxWebhook + 1, []string{opsgeniesim.DemoWebhookSecret}, 413},
		{http.MethodPost, maxWebhook + 1, nil, 401},
		{http.MethodPost, 2, []string{opsgeniesim.DemoWebhookSecret, "x"}, 401},
		{http.MethodPost, 2, []string{""}, 401},
		{http.MethodPost, 2, []string{opsgeniesim.DemoWebhookSecret[1:]}, 401},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, "/callback", strings.NewReader(strings.Repeat("x", c.size)))
		r.Header[headerSecret] = c.given
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		if answer.Code != c.want {
			t.Errorf("%s of %d bytes: %d, want %d", c.method, c.size, answer.Code, c.want)
		}
	}
}

func TestLogLines(t *testing.T) {
	pattern := regexp.MustCompile(standardActionLog)
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]v1.Verdict{
		"Executed [approve] action via web":                   v1.Approve,
		"Executed custom action [deny] via web":               v1.Deny,
		"executed approve action via mobile":                  v1.Approve,
		"Executed [Approve] via Android":                      v1.Approve,
		"Executed [approve] action via API":                   "",
		"Executed [approve] action via website":               "",
		"Executed [approve] action":                           "",
		"Executed [approved] action via web":                  "",
		"Executed [ping] action via web":                      "",
		"Added note [Executed [approve] action via web]":      "",
		"He Executed [approve] action via web":                "",
		"Executed [ping] [approve] action via web":            "",
		"Executed [approve] action via API, see also via web": "",
		"": "",
	} {
		got, ok := pressIn(logLine{Log: text, Owner: "ivan@example.com", Offset: "1", CreatedAt: at}, pattern)
		if got.verdict != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got.verdict, ok, want)
		}
	}
	whole := logLine{Log: "Executed [approve] action via web", Owner: "ivan@example.com", Offset: "1", LogTime: at}
	for name, spoil := range map[string]func(*logLine){
		"no owner": func(l *logLine) { l.Owner = " " }, "no id": func(l *logLine) { l.Offset = "" }, "no time": func(l *logLine) { l.LogTime = time.Time{} },
	} {
		line := whole
		spoil(&line)
		if _, ok := pressIn(line, pattern); ok {
			t.Errorf("a line with %s is a press", name)
		}
	}
	if _, ok := pressIn(whole, regexp.MustCompile("^Executed .*")); ok {
		t.Error("a pattern that names no button finds one")
	}
}

func FuzzLogLine(f *testing.F) {
	f.Add("Executed [approve] action via web", "ivan@example.com")
	pattern := regexp.MustCompile(standardActionLog)
	f.Fuzz(func(t *testing.T, text, owner string) {
		note := logLine{Log: "Added note [" + text + "]", Owner: owner, Offset: "1", CreatedAt: time.Unix(1, 0)}
		if _, ok := pressIn(note, pattern); ok {
			t.Errorf("a note that says %q is a press", text)
		}
		if got, ok := pressIn(logLine{Log: text, Owner: owner, Offset: "1", CreatedAt: time.Unix(1, 0)}, pattern); ok && got.verdict == "" {
			t.Errorf("%q is a press of nothing", text)
		}
	})
}

func FuzzWebhook(f *testing.F) {
	f.Add([]byte(`{"action":"approve","alert":{"alertId":"052652ac-5d1c-464a-812a-7dd18bbfba8c","updatedAt":1420452193166002000}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseEvent(body)
		if err == nil && strings.ContainsAny(got.Alert.ID, "./?#%") {
			t.Errorf("%q is about %q", body, got.Alert.ID)
		}
		_ = got.at()
	})
}
