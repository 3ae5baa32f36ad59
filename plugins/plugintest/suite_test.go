package plugintest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/vendorhttp"
)

// flaw makes the reference plugin break one promise.
const flawVariable = "PLUGINTEST_FLAW"

var update = flag.Bool("update", false, "rewrite golden files")

const path = "/hooks/canary-of-the-webhook"

func TestAPluginWithoutFlawsPasses(t *testing.T) {
	plugintest.Run(t, subject(os.Getenv(flawVariable), *update))
}

// TestTheSuiteFindsFlaws runs the test above once for each broken promise, in a process of its own, and expects it to fail
// where the promise is checked.
func TestTheSuiteFindsFlaws(t *testing.T) {
	for flaw, where := range map[string]string{
		"retries by itself":    "the host retries, not the plugin",
		"leaves bodies open":   "were not closed",
		"tells secrets":        "canary 0 leaks",
		"takes 500 for no":     "status 500: kind transient",
		"forgets Retry-After":  "the vendor asked for 7s",
		"cuts characters":      "a character was cut in two",
		"keeps buttons":        "with 1 buttons",
		"finds anything":       "for a key that nobody posted",
		"closes once":          "closing: already closed",
		"has untyped errors":   "is no plugins.Error",
		"brings text to life":  "came alive",
		"draws another card":   "-want +got",
		"forgets its own part": "has no part reference:",
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			run := "^TestAPluginWithoutFlawsPasses$/^(spec|cards|texts|buttons|finding|close|failures)$"
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run", run) //nolint:gosec // this test itself
			command.Env = append(os.Environ(), flawVariable+"="+flaw)
			output, err := command.CombinedOutput()
			if err == nil || !bytes.Contains(output, []byte(where)) {
				t.Errorf("the suite does not say %q: %v\n%.2000s", where, err, output)
			}
		})
	}
}

type config struct {
	URL     secret.String `yaml:"url"`
	URLFile string        `yaml:"url_file"`
}

func subject(flaw string, update bool) plugintest.Subject {
	example := "broker: {credential_file: x}\nreference:\n  url: ${URL}\n"
	if flaw == "forgets its own part" {
		example = "broker: {credential_file: x}\n"
	}
	spec := plugins.Define("reference", "Reference", []byte(example), func() *config { return &config{} },
		func(_ context.Context, c *config, deps plugins.Deps) (plugins.Notifier, error) {
			return &bot{http: deps.HTTP, url: c.URL.Reveal(), flaw: flaw}, nil
		})
	return plugintest.Subject{
		Spec: spec, Secrets: []string{path}, Update: update,
		NewVendor: func(t *testing.T, _ string) plugintest.Vendor { return newVendor(t) },
	}
}

func newVendor(t *testing.T) plugintest.Vendor {
	t.Helper()
	v := &vendor{}
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	return plugintest.Vendor{
		Config:      &config{URL: secret.New(server.URL + path)},
		Destination: plugins.Destination{ID: "room", Name: "room"},
		Creates:     func(r *http.Request) bool { return r.Method == http.MethodPost },
		Messages:    v.messages,
		Click:       nil,
	}
}

// post is a message as the reference vendor stores it.
type post struct {
	Key     string
	Text    string
	Buttons int
}

// vendor stores messages by key: POST adds one, PUT replaces it, GET reads it.
type vendor struct {
	mu   sync.Mutex
	seen []post
}

// ServeHTTP serves the vendor's API.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var sent post
	if r.Method != http.MethodGet && json.NewDecoder(r.Body).Decode(&sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch r.Method {
	case http.MethodPost:
		v.seen = append(v.seen, sent)
	case http.MethodPut:
		for i := range v.seen {
			if v.seen[i].Key == sent.Key {
				v.seen[i] = sent
			}
		}
	default:
		v.serveKey(w, r.URL.Query().Get("key"))
	}
}

func (v *vendor) serveKey(w http.ResponseWriter, key string) {
	for _, one := range v.seen {
		if one.Key == key {
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (v *vendor) messages() []plugintest.Message {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []plugintest.Message
	for _, one := range v.seen {
		message := plugintest.Message{ID: one.Key, Key: one.Key, Text: one.Text, Buttons: one.Buttons, Golden: map[string]string{"text": one.Text}}
		if strings.Contains(one.Text, "<!channel>") {
			message.Live = []string{"<!channel>"}
		}
		all = append(all, message)
	}
	return all
}

// bot is the reference plugin, with at most one flaw.
type bot struct {
	http   *http.Client
	url    string
	flaw   string
	closed bool
}

func (b *bot) Post(ctx context.Context, _ plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	err := b.send(ctx, http.MethodPost, b.draw(key, card))
	if err != nil && b.flaw == "retries by itself" {
		err = b.send(ctx, http.MethodPost, b.draw(key, card))
	}
	return plugins.Ref(key), err
}

func (b *bot) Update(ctx context.Context, ref plugins.Ref, card plugins.Card) error {
	return b.send(ctx, http.MethodPut, b.draw(string(ref), card))
}

func (b *bot) Find(ctx context.Context, _ plugins.Destination, search plugins.Search) (plugins.Ref, bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"?key="+search.Key, http.NoBody)
	if err != nil {
		return "", false, err
	}
	response, err := b.http.Do(request)
	if err != nil {
		return "", false, vendorhttp.Failure("looking up message", vendorhttp.Repeatable, nil, err)
	}
	found := response.StatusCode == http.StatusOK || b.flaw == "finds anything"
	return plugins.Ref(search.Key), found, response.Body.Close()
}

func (b *bot) Close() error {
	if b.closed && b.flaw == "closes once" {
		return errors.New("already closed")
	}
	b.closed = true
	return nil
}

func (b *bot) send(ctx context.Context, method string, message post) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, b.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := b.http.Do(request)
	if err != nil {
		return b.spoil(err, vendorhttp.Failure("posting message", vendorhttp.Creates, nil, err))
	}
	if b.flaw != "leaves bodies open" {
		defer response.Body.Close()
	}
	return b.spoil(nil, vendorhttp.Failure("posting message", vendorhttp.Creates, response, nil))
}

// spoil breaks a promise about errors.
func (b *bot) spoil(cause, failure error) error {
	typed, ok := errors.AsType[*plugins.Error](failure)
	if !ok {
		return failure
	}
	switch b.flaw {
	case "tells secrets":
		typed.Err = errors.Join(cause, fmt.Errorf("posting to %s", b.url))
	case "takes 500 for no":
		typed.Kind = plugins.Transient
	case "forgets Retry-After":
		typed.RetryAfter = 0
	case "has untyped errors":
		return errors.New("it did not work")
	}
	return typed
}

func (b *bot) draw(key string, card plugins.Card) post {
	message := post{Key: key, Text: strings.TrimSuffix(fmt.Sprintf("%s\n%s\n%q\n%s", card.Title, card.State, card.Reason, strings.Join(card.Notes, " ")), "\n")}
	switch b.flaw {
	case "brings text to life":
	case "draws another card":
		message.Text += "!"
	case "cuts characters":
		message.Text = string([]rune(message.Text)) + "\uFFFD"
	case "keeps buttons":
		message.Buttons = 1
	}
	if b.flaw != "brings text to life" {
		message.Text = strings.ReplaceAll(message.Text, "<", "&lt;")
	}
	return message
}
