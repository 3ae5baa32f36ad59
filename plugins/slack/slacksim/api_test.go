package slacksim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/accede/accede/plugins/slack/slacksim"
	"github.com/accede/accede/plugins/standin"
)

func TestAuthentication(t *testing.T) {
	w := newWorld(t)
	tests := []struct{ name, method, token, want string }{
		{"no token", "auth.test", "", "not_authed"},
		{"unknown token", "auth.test", "xoxb-other", "invalid_auth"},
		{"app token for a bot's method", "chat.postMessage", slacksim.DemoAppToken, "not_allowed_token_type"},
		{"bot token for the app's method", "apps.connections.open", slacksim.DemoBotToken, "not_allowed_token_type"},
		{"unknown method", "chat.sing", slacksim.DemoBotToken, "unknown_method"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, out := w.call(tt.method, "", tt.token, "")
			if status != http.StatusOK || out["ok"] != false || out["error"] != tt.want {
				t.Errorf("%d %v, want %s", status, out, tt.want)
			}
		})
	}
}

func TestAuthTestNamesTheBot(t *testing.T) {
	w := newWorld(t)
	got, err := w.api.AuthTestContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.TeamID != "T0ACCEDE" || got.UserID != "U0BOT" || got.BotID != "B0BOT" {
		t.Errorf("got %+v", got)
	}
	if scopes := got.Header.Get("X-Oauth-Scopes"); !strings.Contains(scopes, "chat:write") {
		t.Errorf("scopes %q", scopes)
	}
}

func TestMissingScope(t *testing.T) {
	w := newWorld(t, botScopes("users:read"))
	for method, needed := range map[string]string{
		"chat.postMessage":    "chat:write",
		"users.lookupByEmail": "users:read.email",
	} {
		out := w.form(method, "channel", access, "text", "x", "email", "bob@example.com")
		want := map[string]any{"ok": false, "error": "missing_scope", "needed": needed, "provided": "users:read"}
		if diff := cmp.Diff(want, out); diff != "" {
			t.Errorf("%s: -want +got\n%s", method, diff)
		}
	}
	out := w.form("conversations.history", "channel", access)
	if out["needed"] != "channels:history" {
		t.Errorf("history: %v", out)
	}
	if out := w.form("conversations.open", "users", "U0BOB"); out["needed"] != "im:write" {
		t.Errorf("open: %v", out)
	}
}

func TestEmailNeedsItsScope(t *testing.T) {
	w := newWorld(t, botScopes("users:read"))
	u, err := w.api.GetUserInfoContext(t.Context(), "U0BOB")
	if err != nil || u.Profile.Email != "" {
		t.Errorf("%+v %v", u, err)
	}
}

func TestBodies(t *testing.T) {
	w := newWorld(t)
	const form, js = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
	tests := []struct{ name, contentType, body, want string }{
		{"JSON with blocks as a list", js, `{"channel":"C0ACCESS","blocks":[{"type":"divider"}]}`, ""},
		{"JSON with blocks as text", js, `{"channel":"C0ACCESS","blocks":"[{\"type\":\"divider\"}]"}`, ""},
		{"form with JSON inside", form, `channel=C0ACCESS&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D`, ""},
		{"broken JSON", js, `{"channel":`, "invalid_json"},
		{"JSON that is no object", js, `[1]`, "json_not_object"},
		{"null", js, `null`, "json_not_object"},
		{"broken form", form, `channel=%zz`, "invalid_form_data"},
		{"other charset", "application/json; charset=latin1", `{}`, "invalid_charset"},
		{"other type", "text/plain", `hello`, "invalid_post_type"},
		{"blocks no list", js, `{"channel":"C0ACCESS","blocks":{"type":"divider"}}`, "invalid_blocks_format"},
		{"null fields are absent", js, `{"channel":"C0ACCESS","text":"x","blocks":null,"thread_ts":null}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, out := w.call("chat.postMessage", tt.contentType, slacksim.DemoBotToken, tt.body)
			if got, _ := out["error"].(string); got != tt.want {
				t.Errorf("got %v, want error %q", out, tt.want)
			}
		})
	}
}

func TestTokenInTheForm(t *testing.T) {
	w := newWorld(t)
	_, out := w.call("auth.test", "application/x-www-form-urlencoded", "", "token="+slacksim.DemoBotToken)
	if out["ok"] != true {
		t.Errorf("%v", out)
	}
}

func TestPeople(t *testing.T) {
	w := newWorld(t)
	bob, err := w.api.GetUserByEmailContext(t.Context(), "BOB@example.com")
	if err != nil || bob.ID != "U0BOB" || !bob.IsEmailConfirmed {
		t.Errorf("%+v %v", bob, err)
	}
	if _, err := w.api.GetUserByEmailContext(t.Context(), "nobody@example.com"); err == nil || err.Error() != "users_not_found" {
		t.Errorf("nobody: %v", err)
	}
	if _, err := w.api.GetUserInfoContext(t.Context(), "U0NOBODY"); err == nil || err.Error() != "user_not_found" {
		t.Errorf("nobody: %v", err)
	}
	dave, err := w.api.GetUserInfoContext(t.Context(), "U0DAVE")
	if err != nil || !dave.IsRestricted {
		t.Errorf("the guest: %+v %v", dave, err)
	}
	mallory, err := w.api.GetUserInfoContext(t.Context(), "U0MALLORY")
	if err != nil || !mallory.IsStranger || mallory.TeamID != "T0EVIL" {
		t.Errorf("the stranger: %+v %v", mallory, err)
	}
	all, err := w.api.GetUsersContext(t.Context(), slack.GetUsersOptionLimit(2))
	if err != nil || len(all) != len(slacksim.Demo().Users) {
		t.Errorf("%d people, %v", len(all), err)
	}
}

func TestListingChannels(t *testing.T) {
	w := newWorld(t)
	var names []string
	cursor := ""
	for range 5 {
		page, next, err := w.api.GetConversationsContext(t.Context(), &slack.GetConversationsParameters{
			Types: []string{"public_channel", "private_channel"}, Limit: 1, Cursor: cursor,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			names = append(names, c.Name)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"access-requests", "ops", "security"}, names); diff != "" {
		t.Error(diff)
	}
	mine, _, err := w.api.GetConversationsForUserContext(t.Context(), &slack.GetConversationsForUserParameters{})
	if err != nil || len(mine) != 1 || !mine[0].IsMember {
		t.Errorf("%+v %v", mine, err)
	}
	ops, err := w.api.GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: "C0OPS"})
	if err != nil || ops.IsMember || ops.Name != "ops" {
		t.Errorf("%+v %v", ops, err)
	}
	if out := w.form("conversations.list", "types", "nonsense"); out["error"] != "invalid_types" {
		t.Errorf("%v", out)
	}
	if out := w.form("conversations.list", "cursor", "bm9uc2Vuc2U="); out["error"] != "invalid_cursor" {
		t.Errorf("%v", out)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, spoil := range map[string]func(*slacksim.Config){
		"unknown member": func(c *slacksim.Config) { c.Channels[0].Members = []string{"U0NOBODY"} },
		"no bot":         func(c *slacksim.Config) { c.App.BotUser = "U0NOBODY" },
		"no secret":      func(c *slacksim.Config) { c.SigningSecret = "" },
		"same user":      func(c *slacksim.Config) { c.Users = append(c.Users, c.Users[0]) },
	} {
		cfg := slacksim.Demo()
		spoil(&cfg)
		if _, err := slacksim.New(cfg, standin.Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
