package teams_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/teams"
	"github.com/accede/accede/plugins/teams/teamssim"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, plugintest.Subject{
		Spec:      teams.Spec(),
		Update:    flag.Lookup("update").Value.String() == "true",
		NewVendor: newVendor,
		Secrets:   []string{teamssim.DemoSecret},
		Kinds:     map[int]plugins.Kind{http.StatusPreconditionFailed: plugins.Transient},
	})
}

func newVendor(t *testing.T, callbackURL string) plugintest.Vendor {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String() + "/teams"
	sim, err := teamssim.New(teamssim.Demo(), standin.Options{BaseURL: base, CallbackURL: callbackURL, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.StripPrefix("/teams", sim)
	server.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	c := teams.NewConfig()
	c.AppID, c.Tenant, c.AppSecret = teamssim.DemoApp, teamssim.DemoTenant, secret.New(teamssim.DemoSecret)
	c.Channels = map[string]string{"#access-requests": teamssim.DemoChannel}
	c.Endpoints = teams.Endpoints{
		Login: config.Address(base + "/login"), Connector: config.Address(base + "/smba/teams"),
		OpenID: config.Address(base + "/botframework/v1/.well-known/openidconfiguration"), Graph: config.Address(base + "/graph"),
	}
	return plugintest.Vendor{
		Config:      c,
		Destination: plugins.Destination{ID: teamssim.DemoChannel, Name: "#access-requests"}, Recipient: "#access-requests",
		Creates:  shows,
		Messages: func() []plugintest.Message { return shownIn(t, sim) },
		Click: func(ctx context.Context, m plugintest.Message, verdict v1.Verdict) error {
			result, err := sim.Click(ctx, teamssim.Click{User: "ivan", Message: m.ID, Verb: string(verdict)})
			if err == nil && !result.OK {
				err = errors.New(result.Said)
			}
			return err
		},
		Forge: func(ctx context.Context, forgery plugintest.Forgery) (int, error) {
			result, err := sim.Forge(ctx, teamssim.Forgery{Kind: string(forgery)})
			return result.Status, err
		},
	}
}

// shows tells posts at the destination from those in the chat with the requester, and from opening that chat, which shows
// nothing and is the same each time.
func shows(r *http.Request) bool {
	if r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/v3/conversations") || strings.Contains(r.URL.Path, "/a:1") || r.GetBody == nil {
		return false
	}
	body, err := r.GetBody()
	if err != nil {
		return false
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body)
	return err == nil && strings.Contains(string(text), `"attachments"`)
}

func shownIn(t *testing.T, sim *teamssim.Sim) []plugintest.Message {
	t.Helper()
	var out []plugintest.Message
	for _, m := range sim.Messages() {
		if m.Room == "#access-requests" && !m.Deleted && m.OnlyFor == "" {
			out = append(out, describe(t, m))
		}
	}
	return out
}

// changing is what differs from run to run in a card.
var changing = regexp.MustCompile(`"29:1[0-9a-f]+"`)

func describe(t *testing.T, m teamssim.SeenMessage) plugintest.Message {
	t.Helper()
	var card map[string]any
	if err := json.Unmarshal(changing.ReplaceAll(m.Card, []byte(`"29:1…"`)), &card); err != nil {
		t.Fatal(err)
	}
	out := plugintest.Message{
		ID: m.ID, Key: m.Key, Reply: m.ReplyTo != "", Golden: map[string]any{"summary": m.Summary, "card": card},
	}
	inspect(card, &out)
	return out
}

// ours is the markup that the plugin writes itself: labels, dates, and sentences without anybody's words in them.
var ours = regexp.MustCompile(`^([A-Z][a-z ,]+|[0-9: -]+UTC \(yours: \{\{DATE\([0-9TZ:-]+, COMPACT\)\}\} \{\{TIME\([0-9TZ:-]+\)\}\}\)|[0-9]+ earlier reviews are shown in Accede only\.)$`)

func inspect(value any, into *plugintest.Message) {
	switch typed := value.(type) {
	case []any:
		for _, one := range typed {
			inspect(one, into)
		}
	case map[string]any:
		inspectObject(typed, into)
	}
}

func inspectObject(object map[string]any, into *plugintest.Message) {
	text, _ := object["text"].(string)
	if text != "" {
		into.Text += text + "\n"
	}
	address, _ := object["url"].(string)
	switch object["type"] {
	case "TextBlock":
		if !ours.MatchString(text) {
			into.Live = append(into.Live, text)
		}
	case "TextRun":
		if strings.Contains(text, "{{") {
			into.Live = append(into.Live, text)
		}
	case "Action.Execute":
		if verb := object["verb"]; verb == "approve" || verb == "deny" {
			into.Buttons++
		}
	case "Action.OpenUrl":
		if !strings.HasPrefix(address, "https://accede.example.com/") {
			into.Live = append(into.Live, address)
		}
	}
	if object["entities"] != nil {
		into.Live = append(into.Live, "entities")
	}
	for _, name := range []string{"body", "items", "columns", "inlines", "actions"} {
		inspect(object[name], into)
	}
}
