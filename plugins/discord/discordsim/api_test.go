package discordsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/standin"
)

func TestOnlyTheBotGetsIn(t *testing.T) {
	w := newWorld(t)
	for name, header := range map[string]http.Header{
		"nothing": nil, "another": {"Authorization": {"Bot x.y.z"}}, "no word": {"Authorization": {discordsim.DemoBotToken}},
	} {
		got := w.raw(http.MethodGet, "/api/v10/users/@me", header, "")
		if got.status != http.StatusUnauthorized || got.body != `{"code":0,"message":"401: Unauthorized"}` {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	for _, version := range []string{"v9", "v10"} {
		got := w.raw(http.MethodGet, "/api/"+version+"/users/@me", http.Header{"Authorization": {"Bot " + discordsim.DemoBotToken}}, "")
		if got.status != http.StatusOK || got.id(t) != discordsim.DemoApplication {
			t.Errorf("%s: %d %s", version, got.status, got.body)
		}
	}
	if got := w.call(http.MethodGet, "../v7/users/@me", ""); got.status != http.StatusNotFound {
		t.Errorf("an old version: %d", got.status)
	}
}

func TestWhatIsRefused(t *testing.T) {
	w := newWorld(t)
	dm := func(user string) string {
		return w.call(http.MethodPost, "users/@me/channels", `{"recipient_id":"`+user+`"}`).id(t)
	}
	const hi = `{"content":"hi"}`
	for name, c := range map[string]struct {
		method, path, body string
		status, code       int
	}{
		"no such path":      {"GET", "nothing/here", "", 404, 0},
		"unknown channel":   {"POST", "channels/1110000000000000099/messages", hi, 404, 10003},
		"hidden":            {"POST", "channels/" + discordsim.DemoOps + "/messages", hi, 403, 50001},
		"voice":             {"POST", "channels/" + discordsim.DemoVoice + "/messages", hi, 400, 50008},
		"empty":             {"POST", "channels/" + access + "/messages", `{"content":"  "}`, 400, 50006},
		"no json":           {"POST", "channels/" + access + "/messages", `{`, 400, 50109},
		"unknown message":   {"PATCH", "channels/" + access + "/messages/1300000000000000001", hi, 404, 10008},
		"unknown user":      {"GET", "users/1000000000000000099", "", 404, 10013},
		"unknown recipient": {"POST", "users/@me/channels", `{"recipient_id":"1000000000000000099"}`, 400, 50033},
		"no direct":         {"POST", "channels/" + dm("1000000000000000005") + "/messages", hi, 403, 50007},
		"unknown guild":     {"GET", "guilds/1100000000000000009", "", 404, 10004},
		"unknown member":    {"GET", "guilds/" + discordsim.DemoGuild + "/members/1000000000000000006", "", 404, 10007},
		"too many at once":  {"GET", "channels/" + access + "/messages?limit=101", "", 400, 50035},
		"unknown token":     {"POST", "interactions/1/secret/callback", `{"type":6}`, 404, 10062},
		"unknown webhook":   {"POST", "webhooks/" + discordsim.DemoApplication + "/secret", hi, 404, 10015},
		"reply to nothing":  {"POST", "channels/" + access + "/messages", `{"content":"x","message_reference":{"message_id":"1"}}`, 400, 50035},
	} {
		got := w.call(c.method, c.path, c.body)
		if got.status != c.status || got.code(t) != c.code {
			t.Errorf("%s: %d %s, want %d with %d", name, got.status, got.body, c.status, c.code)
		}
	}
}

func TestLonelyPeopleCannotBeWrittenTo(t *testing.T) {
	w := newWorld(t, func(c *discordsim.Config, _ *standin.Options) {
		c.Users = append(c.Users, discordsim.User{ID: "1000000000000000009", Name: "zoe"})
	})
	dm := w.call(http.MethodPost, "users/@me/channels", `{"recipient_id":"1000000000000000009"}`).id(t)
	if got := w.call(http.MethodPost, "channels/"+dm+"/messages", `{"content":"hi"}`); got.status != 403 || got.code(t) != 50278 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestLimits sends what is just too much, and checks that Discord's own path to it is named.
func TestLimits(t *testing.T) {
	w := newWorld(t)
	x := func(n int) string { return strings.Repeat("x", n) }
	button := func(inside string) string {
		return `{"components":[{"type":1,"components":[{"type":2,"style":1,"label":"l",` + inside + `}]}]}`
	}
	embed := func(inside string) string { return `{"embeds":[{` + inside + `}]}` }
	for path, body := range map[string]string{
		"content":                               `{"content":"` + x(2001) + `"}`,
		"nonce":                                 `{"content":"x","nonce":"` + x(26) + `"}`,
		"embeds.0.title":                        embed(`"title":"` + x(257) + `"`),
		"embeds.0.description":                  embed(`"description":"` + x(4097) + `"`),
		"embeds.0.fields":                       embed(`"fields":[` + strings.Repeat(`{"name":"n","value":"v"},`, 25) + `{"name":"n","value":"v"}]`),
		"embeds.0.fields.0.name":                embed(`"fields":[{"name":"` + x(257) + `","value":"v"}]`),
		"embeds.0.fields.0.value":               embed(`"fields":[{"name":"n","value":"` + x(1025) + `"}]`),
		"embeds.0.footer.text":                  embed(`"title":"t","footer":{"text":"` + x(2049) + `"}`),
		"embeds.0.color":                        embed(`"title":"t","color":16777216`),
		"embeds.0.url":                          embed(`"title":"t","url":"javascript:x"`),
		"embeds":                                `{"embeds":[{"description":"` + x(4000) + `"},{"description":"` + x(2001) + `"}]}`,
		"components":                            `{"components":[` + strings.Repeat(`{"type":1,"components":[{"type":2,"style":5,"label":"l","url":"https://x.y"}]},`, 5) + `{"type":1,"components":[{"type":2,"style":5,"label":"l","url":"https://x.y"}]}]}`,
		"components.0.components":               `{"components":[{"type":1,"components":[]}]}`,
		"components.0.type":                     `{"components":[{"type":17}]}`,
		"components.0.components.0.type":        `{"components":[{"type":1,"components":[{"type":4}]}]}`,
		"components.0.components.0.custom_id":   button(`"custom_id":"` + x(101) + `"`),
		"components.0.components.0.label":       `{"components":[{"type":1,"components":[{"type":2,"style":1,"label":"` + x(81) + `","custom_id":"c"}]}]}`,
		"components.0.components.0.url":         `{"components":[{"type":1,"components":[{"type":2,"style":5,"label":"l","url":"https://x.y/` + x(512) + `"}]}]}`,
		"components.0.components.1.custom_id":   `{"components":[{"type":1,"components":[{"type":2,"style":1,"label":"l","custom_id":"c"},{"type":2,"style":1,"label":"l","custom_id":"c"}]}]}`,
		"components.0.components.0.style":       `{"components":[{"type":1,"components":[{"type":2,"style":9,"label":"l","custom_id":"c"}]}]}`,
		"components.0.components.0.options":     `{"components":[{"type":1,"components":[{"type":3,"custom_id":"c","options":[` + strings.Repeat(`{"label":"a","value":"b"},`, 25) + `{"label":"a","value":"b"}]}]}]}`,
		"allowed_mentions.parse.0":              `{"content":"x","allowed_mentions":{"parse":["all"]}}`,
		"embeds.0.fields.0.value BASE_TYPE_REQ": embed(`"fields":[{"name":"n","value":" "}]`),
	} {
		got := w.call(http.MethodPost, "channels/"+access+"/messages", body)
		at, _, _ := strings.Cut(path, " ")
		if got.status != http.StatusBadRequest || got.code(t) != 50035 || !slices.Contains(faults(t, got.body), at) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	full := fmt.Sprintf(`{"content":%q,"embeds":[{"title":%q,"description":%q,"footer":{"text":%q}}]}`, x(2000), x(256), x(4096), x(1648))
	if got := w.call(http.MethodPost, "channels/"+access+"/messages", full); got.status != http.StatusOK {
		t.Errorf("just within the limits: %d %s", got.status, got.body)
	}
}

// faults lists the paths that an answer complains about.
func faults(t *testing.T, body string) (out []string) {
	t.Helper()
	var said struct {
		Errors map[string]any `json:"errors"`
	}
	if err := json.Unmarshal([]byte(body), &said); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, tree map[string]any)
	walk = func(path string, tree map[string]any) {
		for name, inside := range tree {
			if name == "_errors" {
				out = append(out, strings.TrimPrefix(path, "."))
				continue
			}
			if next, ok := inside.(map[string]any); ok {
				walk(path+"."+name, next)
			}
		}
	}
	walk("", said.Errors)
	return out
}

func TestANonceStandsForItsMessageForMinutes(t *testing.T) {
	w := newWorld(t)
	post := func(channel, nonce string, enforce bool) string {
		return w.call(http.MethodPost, "channels/"+channel+"/messages", fmt.Sprintf(`{"content":"x","nonce":%s,"enforce_nonce":%v}`, nonce, enforce)).id(t)
	}
	first := post(access, `"n1"`, true)
	if again := post(access, `"n1"`, true); again != first {
		t.Error("the same nonce made two messages")
	}
	if other := post(access, `"n1"`, false); other == first {
		t.Error("a nonce that is not enforced counts")
	}
	if other := post(access, `"n2"`, true); other == first {
		t.Error("another nonce counts")
	}
	number := post(access, `12`, true)
	if again := post(access, `12`, true); again != number {
		t.Error("a number is no nonce")
	}
	w.clock.Advance(6 * time.Minute)
	if late := post(access, `"n2"`, true); late == first {
		t.Error("a nonce counts for too long")
	}
}

func TestEditsAndHistory(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for range 5 {
		ids = append(ids, w.postCard())
	}
	list := func(query string) (got []string) {
		var page []struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal([]byte(w.call(http.MethodGet, "channels/"+access+"/messages?"+query, "").body), &page); err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			got = append(got, m.ID)
		}
		return got
	}
	if got := list("limit=2"); !slices.Equal(got, []string{ids[4], ids[3]}) {
		t.Errorf("newest: %v of %v", got, ids)
	}
	if got := list("after=" + ids[0] + "&limit=2"); !slices.Equal(got, []string{ids[2], ids[1]}) {
		t.Errorf("next after: %v of %v", got, ids)
	}
	if got := list("before=" + ids[2]); !slices.Equal(got, []string{ids[1], ids[0]}) {
		t.Errorf("before: %v of %v", got, ids)
	}
	path := "channels/" + access + "/messages/" + ids[0]
	if got := w.call(http.MethodPatch, path, `{"components":[]}`); got.status != http.StatusOK || !strings.Contains(got.body, `"content":"Access request"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := w.call(http.MethodDelete, path, ""); got.status != http.StatusNoContent {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := w.call(http.MethodGet, path, ""); got.status != http.StatusNotFound {
		t.Errorf("%d %s", got.status, got.body)
	}
	if stats := w.sim.Stats(); stats.Accepted != 5 || stats.Updated != 1 || stats.Keys["019aa0b1-0000-7000-8000-000000000001"].Live != 4 {
		t.Errorf("%+v", stats)
	}
}

func TestPermissionsShow(t *testing.T) {
	w := newWorld(t, func(c *discordsim.Config, _ *standin.Options) {
		c.Channels[0].Overwrites = []discordsim.Overwrite{{ID: discordsim.DemoApplication, Type: 1, Deny: discordsim.EmbedLinks | discordsim.ReadHistory}}
	})
	w.postCard()
	if m := w.sim.Messages()[0]; len(m.Embeds) != 0 {
		t.Error("the card shows without the permission")
	}
	if got := w.call(http.MethodGet, "channels/"+access+"/messages", ""); got.body != "[]" {
		t.Errorf("the history shows without the permission: %s", got.body)
	}
	if got := w.call(http.MethodPost, "channels/"+access+"/messages", `{"content":"x","message_reference":{"message_id":"1","fail_if_not_exists":false}}`); got.code(t) != 160002 {
		t.Errorf("a reply without it: %s", got.body)
	}
}

func TestMentionsFollowWhatIsAllowed(t *testing.T) {
	for allowed, want := range map[string]int{
		``: 3, `,"allowed_mentions":{"parse":[]}`: 0, `,"allowed_mentions":{"parse":["users"]}`: 1, `,"allowed_mentions":{"users":["` + alice + `"]}`: 1,
	} {
		w := newWorld(t)
		w.call(http.MethodPost, "channels/"+access+"/messages", `{"content":"@everyone <@`+alice+`> <@&1120000000000000001>"`+allowed+`}`)
		if got := w.sim.Messages()[0].Mentioned; len(got) != want {
			t.Errorf("%s mentions %v", allowed, got)
		}
	}
}

func TestRateLimits(t *testing.T) {
	w := newWorld(t)
	roomy := w.call(http.MethodPost, "channels/"+access+"/messages", card)
	for _, name := range []string{"X-RateLimit-Bucket", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Reset-After"} {
		if roomy.header.Get(name) == "" {
			t.Errorf("no header %s", name)
		}
	}
	w.fault(standin.Faults{RateLimitReal: true})
	w.clock.Advance(time.Minute)
	for i := range 5 {
		if got := w.call(http.MethodPost, "channels/"+access+"/messages", card); got.status != http.StatusOK {
			t.Fatalf("message %d: %d", i, got.status)
		}
	}
	got := w.call(http.MethodPost, "channels/"+access+"/messages", card)
	var said struct {
		RetryAfter float64 `json:"retry_after"`
		Global     bool    `json:"global"`
	}
	if err := json.Unmarshal([]byte(got.body), &said); err != nil || got.status != 429 || said.RetryAfter <= 0 || said.RetryAfter > 5 || said.Global {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got.header.Get("X-RateLimit-Scope") != "user" || got.header.Get("Retry-After") == "" {
		t.Errorf("%v", got.header)
	}
	if other := w.call(http.MethodPost, "channels/"+discordsim.DemoPartners+"/messages", card); other.status != http.StatusOK {
		t.Errorf("another channel: %d", other.status)
	}
	w.clock.Advance(5 * time.Second)
	if later := w.call(http.MethodPost, "channels/"+access+"/messages", card); later.status != http.StatusOK {
		t.Errorf("later: %d", later.status)
	}
	limited := 0
	for i := range 60 {
		if w.call(http.MethodGet, fmt.Sprintf("guilds/%s/members/%s?%d", discordsim.DemoGuild, alice, i), "").header.Get("X-RateLimit-Global") != "" {
			limited++
		}
	}
	if limited == 0 {
		t.Error("there is no global limit")
	}
}

func TestTooManyRefusalsBan(t *testing.T) {
	w := newWorld(t, func(c *discordsim.Config, _ *standin.Options) { c.BanAfter = 3 })
	for range 3 {
		w.raw(http.MethodGet, "/api/v10/users/@me", nil, "")
	}
	got := w.call(http.MethodGet, "users/@me", "")
	if got.status != 429 || !strings.Contains(got.body, "1015") || !w.sim.Stats().Banned {
		t.Errorf("%d %s", got.status, got.body)
	}
	w.clock.Advance(11 * time.Minute)
	if got := w.call(http.MethodGet, "users/@me", ""); got.status != http.StatusOK {
		t.Errorf("ten minutes later: %d", got.status)
	}
}

func TestFaults(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		fault  standin.Faults
		status int
		posted int
	}{
		"before": {standin.Faults{FailBefore: 1}, 500, 0}, "after": {standin.Faults{FailAfter: 1}, 500, 1},
		"limit": {standin.Faults{RateLimit: 1, RetryAfter: 2}, 429, 0}, "elsewhere": {standin.Faults{FailBefore: 1, Only: []string{"edit-message"}}, 200, 1},
	} {
		before := w.sim.Stats().Accepted
		w.fault(c.fault)
		got := w.call(http.MethodPost, "channels/"+access+"/messages", card)
		if got.status != c.status || w.sim.Stats().Accepted-before != c.posted {
			t.Errorf("%s: %d, %d posted", name, got.status, w.sim.Stats().Accepted-before)
		}
	}
}

func TestConfigurationsThatMakeNoSense(t *testing.T) {
	for name, spoil := range map[string]func(*discordsim.Config){
		"no seed": func(c *discordsim.Config) { c.SigningSeed = nil }, "no bot": func(c *discordsim.Config) { c.Application.ID = "1" },
		"twice": func(c *discordsim.Config) { c.Users = append(c.Users, c.Users[0]) }, "nowhere": func(c *discordsim.Config) { c.Channels[0].Guild = "1" },
		"nobody": func(c *discordsim.Config) { c.Guilds[0].Members[0].User = "1" },
	} {
		c := discordsim.Demo()
		spoil(&c)
		if _, err := discordsim.New(c, standin.Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(card)
	f.Add(`{"embeds":[{}],"components":[{"type":1,"components":[{}]}],"nonce":1,"message_reference":{}}`)
	f.Fuzz(func(t *testing.T, body string) {
		sim, err := discordsim.New(discordsim.Demo(), standin.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = sim.Close() }()
		w := &memory{header: http.Header{}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v10/channels/"+access+"/messages", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bot "+discordsim.DemoBotToken)
		sim.ServeHTTP(w, req)
		if w.status != 200 && w.status != 400 {
			t.Errorf("%q: %d", body, w.status)
		}
		sim.Posts()
		page, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		sim.ServeHTTP(w, page)
		if w.status != 200 && w.status != 400 {
			t.Errorf("%q: the page answers %d", body, w.status)
		}
	})
}

type memory struct {
	header http.Header
	status int
}

func (m *memory) Header() http.Header          { return m.header }
func (m *memory) WriteHeader(status int)       { m.status = status }
func (*memory) Write(data []byte) (int, error) { return len(data), nil }
