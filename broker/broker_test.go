package broker_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/broker"
)

func newCredential(t testing.TB) (broker.Credential, string) {
	t.Helper()
	credential, publicKey, err := broker.NewCredential("slack", "nats://127.0.0.1:4222")
	if err != nil {
		t.Fatal(err)
	}
	return credential, publicKey
}

func TestCredentialSurvivesFile(t *testing.T) {
	t.Parallel()
	want, _ := newCredential(t)
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "slack.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := broker.ReadCredential(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Error("the credential read is not the one written")
	}
}

func TestReadCredentialNamesFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "slack.json")
	if _, err := broker.ReadCredential(path); err == nil || !strings.Contains(err.Error(), "accede admin plugin add") {
		t.Errorf("missing file: got error %v", err)
	}
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := broker.ReadCredential(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("empty credential: got error %v", err)
	}
}

func TestParseCredentialRefuses(t *testing.T) {
	t.Parallel()
	credential, publicKey := newCredential(t)
	seed := string(credential.Seed)
	file := func(plugin, address, seed string) string {
		return fmt.Sprintf(`{"plugin": %q, "broker": %q, "seed": %q}`, plugin, address, seed)
	}
	tests := map[string]struct{ data, want string }{
		"nothing":        {"", "is not what"},
		"another file":   {"plugin: slack", "is not what"},
		"no plugin":      {file("", "nats://b:1", seed), "not a plugin's name"},
		"bad plugin":     {file("sl.ack", "nats://b:1", seed), "not a plugin's name"},
		"no address":     {file("slack", "", seed), "address"},
		"bad address":    {file("slack", "nats://%zz", seed), "address"},
		"no scheme":      {file("slack", "127.0.0.1:4222", seed), "address"},
		"other scheme":   {file("slack", "http://127.0.0.1:4222", seed), "address"},
		"no host":        {file("slack", "nats://", seed), "address"},
		"no seed":        {file("slack", "nats://b:1", ""), "damaged seed"},
		"cut seed":       {file("slack", "nats://b:1", seed[:20]), "damaged seed"},
		"public for key": {file("slack", "nats://b:1", publicKey), "damaged seed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := broker.ParseCredential([]byte(test.data))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got error %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), seed[:20]) {
				t.Errorf("the seed shows in %v", err)
			}
		})
	}
}

func TestSeedIsHidden(t *testing.T) {
	t.Parallel()
	credential, _ := newCredential(t)
	encoded, err := json.Marshal(credential)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(credential), fmt.Sprintf("%+v", credential), fmt.Sprintf("%#v", credential),
		credential.Seed.String(), fmt.Sprintf("%q", credential.Seed), fmt.Sprintf("%x", credential.Seed), string(encoded),
	} {
		if strings.Contains(text, string(credential.Seed)) {
			t.Errorf("the seed shows in %s", text)
		}
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	credential, publicKey := newCredential(t)
	other, otherKey := newCredential(t)
	data := []byte("a decision")
	signature, err := credential.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		key             string
		data, signature []byte
		want            bool
	}{
		"right":             {publicKey, data, signature, true},
		"other data":        {publicKey, []byte("another decision"), signature, false},
		"other key":         {otherKey, data, signature, false},
		"foreign signature": {publicKey, data, foreign, false},
		"cut signature":     {publicKey, data, signature[:10], false},
		"no signature":      {publicKey, data, nil, false},
		"no key":            {"", data, signature, false},
		"seed for a key":    {string(credential.Seed), data, signature, false},
	}
	for name, test := range tests {
		if got := broker.VerifySignature(test.key, test.data, test.signature); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestPublicKey(t *testing.T) {
	t.Parallel()
	credential, want := newCredential(t)
	got, err := credential.PublicKey()
	if err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if !broker.ValidPublicKey(want) || broker.ValidPublicKey(string(credential.Seed)) || broker.ValidPublicKey("") {
		t.Error("ValidPublicKey takes something else for a public key")
	}
}

func TestValidPluginName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"slack": true, "msteams2": true, "a": true, strings.Repeat("a", 32): true,
		"": false, "Slack": false, "2fa": false, "sl-ack": false, "sl.ack": false, "*": false, ">": false, "sl ack": false,
		"släck": false, strings.Repeat("a", 33): false, "slack\n": false,
	} {
		if got := broker.ValidPluginName(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	if plugin, request, ok := broker.ActionPlugin(broker.ActionSubject("slack", "r1")); plugin != "slack" || request != "r1" || !ok {
		t.Errorf("decision: got %q, %q, %v", plugin, request, ok)
	}
	if plugin, method, ok := broker.CallMethod(broker.CallSubject("slack", "claim")); plugin != "slack" || method != "claim" || !ok {
		t.Errorf("call: got %q, %q, %v", plugin, method, ok)
	}
	for _, subject := range []string{
		"", "accede.v1.action", "accede.v1.action.", "accede.v1.action.slack", "accede.v1.action.slack.", "accede.v1.action..r1",
		"accede.v1.action.slack.r1.more", "accede.v1.rpc.slack.claim", "accede.v2.action.slack.r1",
	} {
		if plugin, request, ok := broker.ActionPlugin(subject); ok {
			t.Errorf("%q: got %q, %q", subject, plugin, request)
		}
	}
}

// Each consumer reads a stream that exists and stores its subject, and its ack wait exceeds the time a delivery takes.
func TestTopologyFitsTogether(t *testing.T) {
	t.Parallel()
	subjects := make(map[string][]string)
	for _, stream := range broker.Streams() {
		subjects[stream.Name] = stream.Subjects
	}
	for _, consumer := range []broker.Consumer{broker.ActionConsumer(), broker.PluginConsumer("slack")} {
		if diff := cmp.Diff(subjects[consumer.Stream], []string{consumer.Subject}); diff != "" {
			t.Errorf("subjects of stream and consumer %s (-stream +consumer):\n%s", consumer.Name, diff)
		}
	}
}

func FuzzParseCredential(f *testing.F) {
	credential, _ := newCredential(f)
	data, err := credential.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"plugin":"slack","broker":"nats://b:1","seed":""}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		credential, err := broker.ParseCredential(data)
		if err != nil {
			return
		}
		encoded, err := credential.Encode()
		if err != nil {
			t.Fatalf("accepted but cannot be written: %v", err)
		}
		again, err := broker.ParseCredential(encoded)
		if err != nil || again != credential {
			t.Errorf("written as %s and read as %v, %v", bytes.TrimSpace(encoded), again, err)
		}
	})
}
