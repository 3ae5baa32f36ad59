package teamssim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/teams/teamssim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const scopeBot = "https://api.botframework.com/.default"

// world is a stand-in that listens, with a bot that notes what it is told and answers as it was told to.
type world struct {
	t     testing.TB
	sim   *teamssim.Sim
	url   string
	http  *http.Client
	token string

	mu     sync.Mutex
	heard  []map[string]any
	status int
	answer string
	ahead  time.Duration
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func (w *world) say(status int, answer string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status, w.answer = status, answer
}

func (w *world) told() []map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]map[string]any(nil), w.heard...)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, http: &http.Client{Transport: &http.Transport{}}, status: 200, answer: "{}"}
	bot := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var a map[string]any
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
			t.Error(err)
		}
		a["authorization"] = r.Header.Get("Authorization")
		w.mu.Lock()
		defer w.mu.Unlock()
		w.heard = append(w.heard, a)
		rw.WriteHeader(w.status)
		_, _ = io.WriteString(rw, w.answer)
	}))
	sim, err := teamssim.New(teamssim.Demo(), standin.Options{CallbackURL: bot.URL, Seed: 3, Clock: w.now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/teams", sim))
	w.sim, w.url = sim, server.URL+"/teams"
	t.Cleanup(func() {
		_ = sim.Close()
		w.http.CloseIdleConnections()
		server.Close()
		bot.Close()
	})
	w.token = w.getToken(scopeBot)
	return w
}

func (w *world) getToken(scope string) string {
	w.t.Helper()
	status, answer := w.form(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {teamssim.DemoApp}, "client_secret": {teamssim.DemoSecret}, "scope": {scope},
	})
	token, _ := answer["access_token"].(string)
	if status != 200 || token == "" {
		w.t.Fatalf("token: %d %v", status, answer)
	}
	return token
}

func (w *world) form(values url.Values) (int, map[string]any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/login/"+teamssim.DemoTenant+"/oauth2/v2.0/token",
		strings.NewReader(values.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(req)
}

func (w *world) do(req *http.Request) (int, map[string]any) {
	w.t.Helper()
	resp, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	out := map[string]any{}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(body, &out); err != nil {
			w.t.Fatalf("%s: %v", body, err)
		}
	}
	return resp.StatusCode, out
}

func (w *world) call(method, path, body string) (int, map[string]any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	return w.do(req)
}

func code(answer map[string]any) string {
	e, _ := answer["error"].(map[string]any)
	text, _ := e["code"].(string)
	return text
}

const (
	plainCard = `{"type":"AdaptiveCard","version":"1.5","body":[{"type":"TextBlock","text":"hello **you**"}],"actions":[` +
		`{"type":"Action.Execute","title":"Approve","verb":"approve","data":{"key":"k1","x":1},"fallback":{"type":"Action.Submit","title":"Approve","data":{"verb":"approve"}}}]}`
	rooms = "/smba/emea/v3/conversations"
)

func activity(card string) string {
	return `{"type":"message","summary":"s","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":` + card + `}]}`
}

// post starts a thread and returns the conversation's and the message's id.
func (w *world) post(card string) (conversation, id string) {
	w.t.Helper()
	status, answer := w.call("POST", rooms, `{"isGroup":true,"channelData":{"channel":{"id":"`+teamssim.DemoChannel+`"}},"activity":`+activity(card)+`}`)
	conversation, _ = answer["id"].(string)
	id, _ = answer["activityId"].(string)
	if status != 201 || id == "" || conversation != teamssim.DemoChannel+";messageid="+id {
		w.t.Fatalf("posting: %d %v", status, answer)
	}
	return conversation, id
}

func TestTokensAreForOneThing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	graph := w.getToken(w.url + "/graph/.default")
	good := w.token
	for name, c := range map[string]struct {
		token, path string
		want        int
	}{
		"none": {"", rooms + "/x/pagedmembers", 401}, "made up": {"x", rooms + "/x/pagedmembers", 401}, "Graph's": {graph, rooms + "/x/pagedmembers", 401},
		"good": {good, rooms + "/x/pagedmembers", 404}, "the bot's at Graph": {good, "/graph/v1.0/users/x", 401}, "Graph's at Graph": {graph, "/graph/v1.0/users/x", 404},
	} {
		w.token = c.token
		if status, answer := w.call("GET", c.path, ""); status != c.want {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	w.token = good
	w.advance(2 * time.Hour)
	if status, _ := w.call("GET", rooms+"/x/pagedmembers", ""); status != 401 {
		t.Errorf("a token that has ended: %d", status)
	}
	for name, values := range map[string]url.Values{
		"AADSTS7000215": {"client_secret": {"x"}}, "AADSTS700016": {"client_id": {"x"}}, "AADSTS70003": {"grant_type": {"password"}},
		"AADSTS1002012": {"scope": {"everything"}}, "AADSTS700027": {"client_assertion": {"x.y.z"}},
	} {
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {teamssim.DemoApp}, "client_secret": {teamssim.DemoSecret}, "scope": {scopeBot},
		}
		for key, value := range values {
			form[key] = value
		}
		status, answer := w.form(form)
		if said, _ := answer["error_description"].(string); status < 400 || !strings.HasPrefix(said, name+":") {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
}

func TestRefusalsOfTheConnector(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conversation, id := w.post(plainCard)
	there := rooms + "/" + url.PathEscape(conversation) + "/activities"
	thread := func(channel, activity string) string {
		return `{"isGroup":true,"channelData":{"channel":{"id":"` + channel + `"}},"activity":` + activity + `}`
	}
	big := strings.Replace(plainCard, "hello", strings.Repeat("x", 60_000), 1)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		code               string
	}{
		"no such channel":      {"POST", rooms, thread("19:x@thread.tacv2", activity(plainCard)), 404, "ConversationNotFound"},
		"app not in the team":  {"POST", rooms, thread(teamssim.DemoSecurity, activity(plainCard)), 403, "BotNotInConversationRoster"},
		"empty activity":       {"POST", rooms, thread(teamssim.DemoChannel, `{"type":"message"}`), 400, "BadSyntax"},
		"odd card":             {"POST", there, activity(`{"type":"AdaptiveCard","version":"1.5","body":[{"type":"Carousel"}]}`), 400, "BadSyntax"},
		"newer card":           {"POST", there, activity(`{"type":"AdaptiveCard","version":"1.6","body":[]}`), 400, "BadSyntax"},
		"odd button":           {"POST", there, activity(`{"type":"AdaptiveCard","version":"1.5","actions":[{"type":"Action.Explode"}]}`), 400, "BadSyntax"},
		"too large, in UTF-16": {"POST", there, activity(big), 413, "MessageSizeTooBig"},
		"no conversation":      {"POST", rooms + "/a:1/activities", activity(plainCard), 404, "ConversationNotFound"},
		"no message":           {"PUT", there + "/1", activity(plainCard), 404, "ActivityNotFoundInConversation"},
		"reply to nothing":     {"POST", there + "/1", activity(plainCard), 404, "ActivityNotFoundInConversation"},
		"no JSON":              {"PUT", there + "/" + id, "x", 400, "BadSyntax"},
		"stranger":             {"POST", rooms, `{"members":[{"id":"29:1x"}],"tenantId":"` + teamssim.DemoTenant + `"}`, 400, "BadSyntax"},
		"by address":           {"POST", rooms, `{"members":[{"id":"ivan"}],"tenantId":"` + teamssim.DemoTenant + `"}`, 400, "BadSyntax"},
		"no tenant":            {"POST", rooms, `{"members":[{"id":"29:1x"}]}`, 400, "BadSyntax"},
		"no member":            {"GET", rooms + "/" + url.PathEscape(conversation) + "/members/29:1x", "", 404, "MemberNotFoundInConversation"},
		"whisper to nobody":    {"POST", there + "?isTargetedActivity=true", activity(plainCard), 400, "BadSyntax"},
	} {
		status, answer := w.call(c.method, c.path, c.body)
		if status != c.status || code(answer) != c.code {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
}

func TestTextAndCardBecomeTwoMessagesWithoutAName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conversation, _ := w.post(plainCard)
	both := strings.Replace(activity(plainCard), `"summary"`, `"text":"look","summary"`, 1)
	status, answer := w.call("POST", rooms+"/"+url.PathEscape(conversation)+"/activities", both)
	if status != 201 || answer["id"] != nil {
		t.Errorf("%d %v", status, answer)
	}
	if got := len(w.sim.Messages()); got != 3 {
		t.Errorf("%d messages", got)
	}
}

func TestAnEditTakesPersonalViewsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conversation, id := w.post(plainCard)
	view := strings.Replace(plainCard, "hello", "only yours", 1)
	w.say(200, `{"statusCode":200,"type":"application/vnd.microsoft.card.adaptive","value":`+view+`}`)
	result, err := w.sim.Click(t.Context(), teamssim.Click{User: "ivan", Message: id, Verb: "approve"})
	if err != nil || !result.OK || !strings.Contains(result.Said, "only yours") {
		t.Fatalf("%+v, %v", result, err)
	}
	views := func() int { return len(w.sim.Messages()[0].Views) }
	if views() != 1 {
		t.Error("ivan does not see his own card")
	}
	if status, _ := w.call("PUT", rooms+"/"+url.PathEscape(conversation)+"/activities/"+id, activity(plainCard)); status != 200 || views() != 0 {
		t.Errorf("after the edit: %d, %d views", status, views())
	}
	if status, _ := w.call("DELETE", rooms+"/"+url.PathEscape(teamssim.DemoChannel)+"/activities/"+id, ""); status != 200 {
		t.Errorf("deleting by the channel's own id: %d", status)
	}
	if _, err := w.sim.Click(t.Context(), teamssim.Click{User: "ivan", Message: id, Verb: "approve"}); err == nil {
		t.Error("a deleted card can be clicked")
	}
}

func TestWhatAClickLooksLike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.post(plainCard)
	for _, old := range []bool{false, true} {
		if _, err := w.sim.Click(t.Context(), teamssim.Click{User: "ivan", Message: id, Verb: "approve", Old: old}); err != nil {
			t.Fatal(err)
		}
	}
	told := w.told()
	invoke, submit := told[0], told[1]
	if invoke["type"] != "invoke" || invoke["name"] != "adaptiveCard/action" || invoke["channelId"] != "msteams" || invoke["replyToId"] != id {
		t.Errorf("%v", invoke)
	}
	from, _ := invoke["from"].(map[string]any)
	if mri, _ := from["id"].(string); from["aadObjectId"] == "" || !strings.HasPrefix(mri, "29:1") {
		t.Errorf("from %v", from)
	}
	value, _ := invoke["value"].(map[string]any)
	action, _ := value["action"].(map[string]any)
	if data, _ := action["data"].(map[string]any); action["verb"] != "approve" || data["key"] != "k1" {
		t.Errorf("action %v", action)
	}
	if submit["type"] != "message" || submit["text"] != nil || submit["value"] == nil {
		t.Errorf("%v", submit)
	}
	if bearer, _ := invoke["authorization"].(string); strings.Count(bearer, ".") != 2 {
		t.Errorf("authorization %q", bearer)
	}
}

func TestBadAnswersAreShownAsErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.post(plainCard)
	for name, c := range map[string]struct {
		status       int
		answer, said string
		ok           bool
	}{
		"broken":      {500, "{}", "status 500", false},
		"no JSON":     {200, "x", "Something went wrong", false},
		"error":       {200, `{"statusCode":400,"type":"application/vnd.microsoft.error","value":{"code":"x","message":"not today"}}`, "not today", false},
		"odd type":    {200, `{"statusCode":200,"type":"text/plain","value":"x"}`, "Something went wrong", false},
		"broken card": {200, `{"statusCode":200,"type":"application/vnd.microsoft.card.adaptive","value":{"type":"Card"}}`, "Something went wrong", false},
		"sentence":    {200, `{"statusCode":200,"type":"application/vnd.microsoft.activity.message","value":"thank you"}`, "thank you", true},
	} {
		w.say(c.status, c.answer)
		result, err := w.sim.Click(t.Context(), teamssim.Click{User: "bob", Message: id, Verb: "approve"})
		if err != nil || result.OK != c.ok || !strings.Contains(result.Said, c.said) {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
	}
	if _, err := w.sim.Click(t.Context(), teamssim.Click{User: "zoe", Message: id, Verb: "approve"}); err == nil {
		t.Error("nobody can click")
	}
	if _, err := w.sim.Click(t.Context(), teamssim.Click{User: "bob", Message: id, Verb: "deny"}); err == nil {
		t.Error("a button that is not there can be clicked")
	}
}

func TestEventsThatAreNotTakenComeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.say(503, "{}")
	if err := w.sim.Install("bob", true); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, 10*time.Second, "both events, twice", func() bool { return len(w.told()) == 4 })
	ids := map[any]int{}
	for _, a := range w.told() {
		ids[a["id"]]++
	}
	if len(ids) != 2 {
		t.Errorf("ids %v", ids)
	}
	if err := w.sim.Install("zoe", true); err == nil {
		t.Error("nobody can install it")
	}
}

func TestMicrosoftsLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conversation, _ := w.post(plainCard)
	if err := w.sim.Faults().Set(standin.Faults{RateLimitReal: true}); err != nil {
		t.Fatal(err)
	}
	there := rooms + "/" + url.PathEscape(conversation) + "/activities"
	sent := 0
	for range 10 {
		if status, _ := w.call("POST", there, activity(plainCard)); status == 201 {
			sent++
		}
	}
	if sent != 7 {
		t.Errorf("%d messages in a second", sent)
	}
	w.advance(1100 * time.Millisecond)
	if status, _ := w.call("POST", there, activity(plainCard)); status != 201 {
		t.Errorf("the eighth after a second: %d", status)
	}
	if status, answer := w.call("POST", there, activity(plainCard)); status != 429 || code(answer) != "Throttled" {
		t.Errorf("the ninth: %d %v", status, answer)
	}
}

func TestGraphInstallsAndFindsTheChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.token = w.getToken(w.url + "/graph/.default")
	const installed = "/graph/v1.0/users/carol@example.com/teamwork/installedApps"
	find := installed + "?$expand=teamsApp&$filter=" + url.QueryEscape("teamsApp/externalId eq '"+teamssim.DemoApp+"'")
	bind := func(id string) string {
		return `{"teamsApp@odata.bind":"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/` + id + `"}`
	}
	if _, answer := w.call("GET", find, ""); firstID(answer) != "" {
		t.Errorf("before: %v", answer)
	}
	for _, want := range []int{201, 409} {
		if status, answer := w.call("POST", installed, bind(teamssim.DemoCatalog)); status != want {
			t.Errorf("%d %v, want %d", status, answer, want)
		}
	}
	if status, _ := w.call("POST", installed, bind("x")); status != 404 {
		t.Errorf("an app that is not there: %d", status)
	}
	_, answer := w.call("GET", find, "")
	status, chat := w.call("GET", installed+"/"+firstID(answer)+"/chat", "")
	id, _ := chat["id"].(string)
	if status != 200 || !strings.HasSuffix(id, "@unq.gbl.spaces") {
		t.Fatalf("%d %v", status, chat)
	}
	w.token = w.getToken(scopeBot)
	if status, answer := w.call("POST", rooms+"/"+url.PathEscape(id)+"/activities", activity(plainCard)); status != 201 {
		t.Errorf("posting by Graph's id: %d %v", status, answer)
	}
	if got := w.sim.Messages(); len(got) != 1 || !strings.HasPrefix(got[0].Conversation, "a:1") {
		t.Errorf("messages %+v", got)
	}
}

// firstID is the id of the first thing in a list of Graph's.
func firstID(answer map[string]any) string {
	list, _ := answer["value"].([]any)
	if len(list) == 0 {
		return ""
	}
	first, _ := list[0].(map[string]any)
	id, _ := first["id"].(string)
	return id
}

func TestSomeMessagesVanish(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.sim.ChatOf("alice")
	for _, c := range []struct {
		change func(*teamssim.User)
		status int
		shown  int
	}{
		{func(u *teamssim.User) { u.Blocked = true }, 403, 0},
		{func(u *teamssim.User) { u.Blocked, u.Vanished = false, true }, 201, 0},
		{func(u *teamssim.User) { u.Vanished = false }, 201, 1},
	} {
		if err := w.sim.Change("alice", c.change); err != nil {
			t.Fatal(err)
		}
		status, answer := w.call("POST", rooms+"/"+url.PathEscape(chat)+"/activities", activity(plainCard))
		if status != c.status || len(w.sim.Messages()) != c.shown {
			t.Errorf("%d %v, %d messages", status, answer, len(w.sim.Messages()))
		}
	}
}
