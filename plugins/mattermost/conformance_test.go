package mattermost_test

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
	"github.com/accede/accede/plugins/mattermost"
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
)

const channel = "accessrequests000000000000"

func TestConformance(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, plugintest.Subject{
		Spec:      mattermost.Spec(),
		Update:    flag.Lookup("update").Value.String() == "true",
		NewVendor: newVendor,
		Secrets:   []string{mattermostsim.DemoToken},
	})
}

func newVendor(t *testing.T, callbackURL string) plugintest.Vendor {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	options := standin.Options{
		BaseURL: "http://" + server.Listener.Addr().String() + "/mattermost", CallbackURL: callbackURL, Seed: 1,
	}
	sim, err := mattermostsim.New(mattermostsim.Demo(), options)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.StripPrefix("/mattermost", sim)
	server.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	return plugintest.Vendor{
		Config: &mattermost.Config{
			URL: config.Address(options.BaseURL), Token: secret.New(mattermostsim.DemoToken), Team: "main",
			CallbackURL: config.Address(callbackURL), Email: mattermost.EmailSSO,
		},
		Destination: plugins.Destination{ID: channel, Name: "~access-requests"}, Recipient: "~access-requests",
		Creates:  creates,
		Messages: func() []plugintest.Message { return shownIn(t, sim, callbackURL) },
		Click: func(ctx context.Context, m plugintest.Message, verdict v1.Verdict) error {
			result, err := sim.Click(ctx, mattermostsim.Click{User: "ivan", Post: m.ID, Action: string(verdict)})
			if err == nil && !result.OK {
				return errors.New(result.ShownError)
			}
			return err
		},
		Forge: func(ctx context.Context, forgery plugintest.Forgery) (int, error) {
			result, err := sim.Forge(ctx, mattermostsim.Forgery{Kind: string(forgery)})
			return result.Status, err
		},
	}
}

// creates tells cards and replies from the message that the check writes to the bot itself.
func creates(r *http.Request) bool {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/api/v4/posts") || r.GetBody == nil {
		return false
	}
	body, err := r.GetBody()
	if err != nil {
		return false
	}
	text, err := io.ReadAll(body)
	return err == nil && strings.Contains(string(text), `"channel_id":"`+channel+`"`)
}

func shownIn(t *testing.T, sim *mattermostsim.Sim, callbackURL string) []plugintest.Message {
	t.Helper()
	var out []plugintest.Message
	for _, m := range sim.Messages() {
		if m.Channel == channel && !m.Deleted {
			out = append(out, describe(t, m, callbackURL))
		}
	}
	return out
}

// describe shows a post to the suite. An outcome, which is no reply in Mattermost's sense, belongs to a card all the same.
func describe(t *testing.T, m mattermostsim.SeenPost, callbackURL string) plugintest.Message {
	t.Helper()
	attachments := m.Attachments()
	out := plugintest.Message{ID: m.ID, Key: m.Key, Reply: len(attachments) == 0, Text: m.Message + "\n", Live: alive(m.Message)}
	read := func(text string) {
		out.Text += text + "\n"
		out.Live = append(out.Live, alive(text)...)
	}
	for _, a := range attachments {
		for _, text := range []string{a.Pretext, a.Title, a.Text, a.Fallback} {
			read(text)
		}
		for _, f := range a.Fields {
			read(f.Title)
			value, ok := f.Value.(string)
			if !ok {
				t.Fatalf("field %s holds %v", f.Title, f.Value)
			}
			read(value)
		}
		out.Text += a.Footer + "\n"
		out.Buttons += len(a.Actions)
		for _, action := range a.Actions {
			action.Integration.URL = strings.Replace(action.Integration.URL, callbackURL, "https://callback.example.com", 1)
		}
	}
	out.Golden = golden(t, m, attachments)
	return out
}

func golden(t *testing.T, m mattermostsim.SeenPost, attachments any) any {
	t.Helper()
	encoded, err := json.Marshal(map[string]any{"message": m.Message, "attachments": attachments})
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(encoded, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	inert = regexp.MustCompile("`[^`\n]*`")
	ours  = regexp.MustCompile(`\[Open in Accede\]\(https://accede\.example\.com/[^\s()\[\]]*\)|\*\*[A-Z][A-Za-z ]+\*\*|(?m)^>( |$)`)
	// live is what Mattermost would act on outside of code.
	live = regexp.MustCompile("[@~#]\\w|://|www\\.|\\]\\(|[*_<>\\[\\]`]|(?m)^\\s*(#|[-+] |\\d+\\.)|:\\w+:")
)

// alive returns what Mattermost would act on in a text, our own markup left out.
func alive(text string) []string {
	text = ours.ReplaceAllString(inert.ReplaceAllString(text, ""), "")
	return live.FindAllString(text, -1)
}
