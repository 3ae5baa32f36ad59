package mattermostsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/standin"
)

func TestRefusalsAreMattermosts(t *testing.T) {
	id := mattermostsim.DemoID
	archived := func(c *mattermostsim.Config, _ *standin.Options) {
		c.Channels = append(c.Channels, mattermostsim.Channel{
			ID: id("archived"), Name: "archived", Team: "main", Archived: true, Members: []string{id("accede")},
		})
	}
	w := newWorld(t, archived)
	root := w.post(`{"channel_id":"` + access + `","message":"root"}`)
	reply := w.post(`{"channel_id":"` + access + `","message":"reply","root_id":"` + root + `"}`)
	in := func(channel, more string) string { return `{"channel_id":"` + channel + `","message":"x"` + more + `}` }
	for name, c := range map[string]struct {
		verb, path, body string
		status           int
		want             string
	}{
		"not a member":          {http.MethodPost, "/posts", in(id("ops"), ""), 403, "api.context.permissions.app_error"},
		"no such channel":       {http.MethodPost, "/posts", in(id("nowhere"), ""), 403, "api.context.permissions.app_error"},
		"archived":              {http.MethodPost, "/posts", in(id("archived"), ""), 400, "api.post.create_post.can_not_post_to_deleted.error"},
		"with an id":            {http.MethodPost, "/posts", in(access, `,"id":"`+root+`"`), 400, "app.post.save.existing.app_error"},
		"too long":              {http.MethodPost, "/posts", in(access, `,"message":"`+strings.Repeat("ü", 16384)+`"`), 400, "model.post.is_valid.message_length.app_error"},
		"too many props":        {http.MethodPost, "/posts", in(access, `,"props":{"x":"`+strings.Repeat("x", 800_001)+`"}`), 400, "model.post.is_valid.props.app_error"},
		"reply to a reply":      {http.MethodPost, "/posts", in(access, `,"root_id":"`+reply+`"`), 400, "api.post.create_post.root_id.app_error"},
		"root elsewhere":        {http.MethodPost, "/posts", in(id("security"), `,"root_id":"`+root+`"`), 400, "api.post.create_post.channel_root_id.app_error"},
		"not json":              {http.MethodPost, "/posts", "x", 400, "api.context.invalid_body_param.app_error"},
		"no post":               {http.MethodGet, "/posts/" + id("none"), "", 404, "app.post.get.app_error"},
		"patch of no post":      {http.MethodPut, "/posts/" + id("none") + "/patch", `{"props":{}}`, 403, "api.context.permissions.app_error"},
		"no such page":          {http.MethodGet, "/nowhere", "", 404, "api.context.404.app_error"},
		"no such user":          {http.MethodGet, "/users/" + id("nobody"), "", 404, "app.user.missing_account.const"},
		"an odd id":             {http.MethodGet, "/users/x", "", 400, "api.context.invalid_url_param.app_error"},
		"no such team":          {http.MethodGet, "/teams/name/x/channels/name/y", "", 404, "app.team.get_by_name.missing.app_error"},
		"no such name":          {http.MethodGet, "/teams/name/main/channels/name/y", "", 404, "app.channel.get_by_name.missing.app_error"},
		"not a member, asked":   {http.MethodGet, "/channels/" + id("ops") + "/members/me", "", 404, "app.channel.get_member.missing.app_error"},
		"history of others":     {http.MethodGet, "/channels/" + id("ops") + "/posts", "", 403, "api.context.permissions.app_error"},
		"ephemeral":             {http.MethodPost, "/posts/ephemeral", `{"user_id":"` + id("bob") + `","post":{"channel_id":"` + access + `","message":"x"}}`, 403, "api.context.permissions.app_error"},
		"direct with nobody":    {http.MethodPost, "/channels/direct", `["` + id("accede") + `","` + id("nobody") + `"]`, 400, "api.channel.create_direct_channel.invalid_user.app_error"},
		"direct of others":      {http.MethodPost, "/channels/direct", `["` + id("ivan") + `","` + id("bob") + `"]`, 403, "api.context.permissions.app_error"},
		"dialog, odd trigger":   {http.MethodPost, "/actions/dialogs/open", `{"url":"x","trigger_id":"%"}`, 400, "interactive_message.decode_trigger_id.base64_decode_failed"},
		"dialog, empty trigger": {http.MethodPost, "/actions/dialogs/open", `{"url":"x"}`, 400, "interactive_message.decode_trigger_id.missing_data"},
	} {
		got := w.api(c.verb, c.path, c.body)
		if got.status != c.status || got.id() != c.want {
			t.Errorf("%s: answered %d %q, want %d %s", name, got.status, got.body, c.status, c.want)
		}
	}
	if got := w.raw(http.MethodGet, "/api/v4/users/me", "wrong", ""); got.status != 401 || got.id() != "api.context.session_expired.app_error" {
		t.Errorf("a wrong token: %+v", got)
	}
}

func TestPendingPostIDsAreRememberedPerNodeForHalfAMinute(t *testing.T) {
	w := newWorld(t)
	body := `{"channel_id":"` + access + `","message":"x","pending_post_id":"p1"}`
	first := w.post(body)
	if again := w.post(body); again != first {
		t.Error("a repeat made another post")
	}
	w.clock.Advance(31 * time.Second)
	if later := w.post(body); later == first {
		t.Error("a repeat after half a minute made none")
	}
	w.sim.Adjust(func(s *mattermostsim.Server) { s.Nodes = 2 })
	two := `{"channel_id":"` + access + `","message":"x","pending_post_id":"p2"}`
	if onOne, onTheOther := w.post(two), w.post(two); onOne == onTheOther {
		t.Error("two nodes share what they remember")
	}
	refused := `{"channel_id":"` + access + `","message":"` + strings.Repeat("x", 16384) + `","pending_post_id":"p3"}`
	for range 2 {
		if got := w.api(http.MethodPost, "/posts", refused); got.status != http.StatusBadRequest {
			t.Errorf("a repeat of what failed: %+v", got)
		}
	}
}

func TestOnlyMessagesFallUnderTheEditLimit(t *testing.T) {
	w := newWorld(t, server(func(s *mattermostsim.Server) { s.PostEditTimeLimit = 60 }))
	post := w.card("http://x")
	if got := w.api(http.MethodPut, "/posts/"+post+"/patch", `{"message":"in time"}`); got.status != http.StatusOK {
		t.Errorf("in time: %+v", got)
	}
	w.clock.Advance(2 * time.Minute)
	if got := w.api(http.MethodPut, "/posts/"+post+"/patch", `{"message":"in time"}`); got.id() != "api.post.update_post.permissions_time_limit.app_error" {
		t.Errorf("too late: %+v", got)
	}
	if got := w.api(http.MethodPut, "/posts/"+post+"/patch", `{"props":{"a":"b"}}`); got.status != http.StatusOK {
		t.Errorf("props: %+v", got)
	}
	m := w.sim.Messages()[0]
	if m.Message != "in time" || m.Key != "" || m.Props["a"] != "b" || m.Updates != 2 {
		t.Errorf("the post is %+v; a patch replaces all props", m)
	}
}

func TestWhereButtonsLeadIsNobodysBusiness(t *testing.T) {
	w := newWorld(t)
	post := w.card("http://secret.example")
	for _, got := range []answered{w.api(http.MethodGet, "/posts/"+post, ""), w.api(http.MethodGet, "/channels/"+access+"/posts", "")} {
		if got.status != http.StatusOK || strings.Contains(got.body, "secret.example") || strings.Contains(got.body, `"s3"`) || !strings.Contains(got.body, "Approve") {
			t.Errorf("answered %d %s", got.status, got.body)
		}
	}
}

func TestListsTurnPagesBelowAPost(t *testing.T) {
	w := newWorld(t)
	var posts []string
	for i := range 7 {
		w.clock.Advance(time.Second)
		posts = append(posts, w.post(fmt.Sprintf(`{"channel_id":%q,"message":"%d"}`, access, i)))
	}
	order := func(query string) []string {
		var list struct {
			Order []string `json:"order"`
		}
		got := w.api(http.MethodGet, "/channels/"+access+"/posts?"+query, "")
		if err := json.Unmarshal([]byte(got.body), &list); err != nil {
			t.Fatalf("%s: %v", got.body, err)
		}
		return list.Order
	}
	if got := order("per_page=3"); len(got) != 3 || got[0] != posts[6] {
		t.Errorf("the first page is %v", got)
	}
	if got := order("per_page=3&before=" + posts[4]); len(got) != 3 || got[0] != posts[3] {
		t.Errorf("below a post there are %v", got)
	}
	if got := order("per_page=3&page=2"); len(got) != 1 || got[0] != posts[0] {
		t.Errorf("the last page is %v", got)
	}
	if got := w.api(http.MethodDelete, "/posts/"+posts[6], ""); got.status != http.StatusOK {
		t.Fatal(got)
	}
	if got := order("per_page=3"); got[0] != posts[5] {
		t.Errorf("a deleted post is listed: %v", got)
	}
	if got := order(fmt.Sprintf("since=%d", w.clock.Now().Add(-time.Millisecond*500).UnixMilli())); len(got) != 1 || got[0] != posts[6] {
		t.Errorf("what changed lately is %v", got)
	}
}

func TestTheRateLimitAnswersInText(t *testing.T) {
	w := newWorld(t, server(func(s *mattermostsim.Server) { s.RateLimit = true }))
	for range 150 {
		got := w.api(http.MethodGet, "/users/me", "")
		if got.status == http.StatusOK {
			continue
		}
		if got.status != 429 || got.body != "limit exceeded\n" || got.header.Get("Retry-After") == "" || got.header.Get("X-RateLimit-Remaining") != "0" {
			t.Errorf("answered %+v", got)
		}
		return
	}
	t.Error("there is no limit")
}

func TestAccountsShowWhatTheyMay(t *testing.T) {
	w := newWorld(t)
	got := w.api(http.MethodGet, "/users/email/alice@example.com", "")
	if !strings.Contains(got.body, `"email":"alice@example.com"`) || strings.Contains(got.body, "saml") {
		t.Errorf("alice looks like %s", got.body)
	}
	w.sim.Adjust(func(s *mattermostsim.Server) { s.HideEmail = true })
	if got := w.api(http.MethodGet, "/users/email/alice@example.com", ""); got.id() != "api.user.get_user_by_email.permissions.app_error" {
		t.Errorf("hidden addresses: %+v", got)
	}
	if got := w.api(http.MethodGet, "/users/"+mattermostsim.DemoID("alice"), ""); strings.Contains(got.body, "alice@example.com") {
		t.Errorf("a hidden address is shown: %s", got.body)
	}
	if got := w.raw(http.MethodGet, "/api/v4/config/client?format=old", "", ""); !strings.Contains(got.body, "AsymmetricSigningPublicKey") || strings.Contains(got.body, "PostEditTimeLimit") {
		t.Errorf("the settings for everybody are %s", got.body)
	}
}

func TestFaultsStrike(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		faults standin.Faults
		status int
	}{
		"fail":  {standin.Faults{FailBefore: 1, Next: 1}, 500},
		"limit": {standin.Faults{RateLimit: 1, RetryAfter: 3, Next: 1}, 429},
		"only":  {standin.Faults{FailBefore: 1, Only: []string{"CreatePost"}}, 200},
	} {
		if err := w.sim.Faults().Set(c.faults); err != nil {
			t.Fatal(err)
		}
		if got := w.api(http.MethodGet, "/users/me", ""); got.status != c.status {
			t.Errorf("%s: answered %d, want %d", name, got.status, c.status)
		}
	}
}

func TestConfigurationsThatMakeNoSense(t *testing.T) {
	for name, spoil := range map[string]func(*mattermostsim.Config){
		"user twice":     func(c *mattermostsim.Config) { c.Users = append(c.Users, c.Users[0]) },
		"odd id":         func(c *mattermostsim.Config) { c.Users[0].ID = "x" },
		"unknown member": func(c *mattermostsim.Config) { c.Channels[0].Members = []string{"x"} },
		"unknown team":   func(c *mattermostsim.Config) { c.Channels[0].Team = "x" },
		"lost token":     func(c *mattermostsim.Config) { c.Tokens["x"] = "y" },
	} {
		cfg := mattermostsim.Demo()
		spoil(&cfg)
		if _, err := mattermostsim.New(cfg, standin.Options{}); err == nil {
			t.Errorf("%s: no complaint", name)
		}
	}
}
