package mattermost

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins"
)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestMattermostsOwnTriggersAreProven checks a trigger id that Mattermost's own code made.
func TestMattermostsOwnTriggersAreProven(t *testing.T) {
	key, user := newKey(t), model.NewId()
	id, raw, failed := model.GenerateTriggerId(user, key)
	if failed != nil {
		t.Fatal(failed)
	}
	got, err := parseTrigger(raw)
	if err != nil || got.id != id || got.user != user {
		t.Fatalf("%+v, %v", got, err)
	}
	if !got.provenBy(&key.PublicKey) || got.provenBy(&newKey(t).PublicKey) {
		t.Error("the signature fits another key, or not its own")
	}
	other := got
	other.signed = []byte(strings.Replace(string(got.signed), user, model.NewId(), 1))
	if other.provenBy(&key.PublicKey) {
		t.Error("the signature fits another account")
	}
	for name, c := range map[string]struct {
		user  string
		after time.Duration
		want  error
	}{
		"now":            {user, 0, nil},
		"half a minute":  {user, 29 * time.Second, nil},
		"clock ahead":    {user, 55 * time.Second, nil},
		"clock behind":   {user, -25 * time.Second, nil},
		"too old":        {user, 61 * time.Second, errOld},
		"from tomorrow":  {user, -time.Hour, errOld},
		"another person": {model.NewId(), 0, errOtherUser},
	} {
		if err := got.fits(c.user, got.made.Add(c.after)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAKeyThatCannotBeReadProvesNothing(t *testing.T) {
	for name, encoded := range map[string]string{
		"not base64": "%%%", "not a key": "aGVsbG8=",
		"a key of another kind": "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
	} {
		got := newSettings(map[string]string{"AsymmetricSigningPublicKey": encoded})
		if !got.publishes || got.key != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	w := newWorld(t)
	w.bot.server.known, w.bot.server.asked = &settings{publishes: true}, time.Now()
	_, raw, failed := model.GenerateTriggerId(access, newKey(t))
	if failed != nil {
		t.Fatal(failed)
	}
	if _, err := w.bot.prove(t.Context(), access, raw); !errors.Is(err, errOddServerKey) {
		t.Errorf("an unreadable key: %v", err)
	}
}

func TestAServersNewKeyIsLearnt(t *testing.T) {
	w := newWorld(t)
	w.bot.server.known = &settings{publishes: true, key: &newKey(t).PublicKey}
	w.bot.server.asked = time.Now().Add(-settingsAgain - time.Second)
	_, card := w.post(access, "k", demoCard())
	if result := w.click("ivan", card, actionApprove); !result.OK {
		t.Errorf("the click was answered with %+v", result)
	}
	calls := w.sim.Stats().Methods["GetClientConfig"].Calls
	for range 5 {
		w.forge("bad_signature", "")
	}
	if got := w.sim.Stats().Methods["GetClientConfig"].Calls; got != calls {
		t.Errorf("forged clicks made the plugin ask for the key %d times", got-calls)
	}
}

func FuzzTrigger(f *testing.F) {
	key := newKey(f)
	_, raw, failed := model.GenerateTriggerId(model.NewId(), key)
	if failed != nil {
		f.Fatal(failed)
	}
	f.Add(raw)
	f.Add("")
	f.Add("Ojo6")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseTrigger(text)
		if err != nil {
			return
		}
		if !model.IsValidId(got.user) || !model.IsValidId(got.id) {
			t.Errorf("%q names %+v", text, got)
		}
		if text != raw && got.provenBy(&key.PublicKey) {
			t.Errorf("%q is proven", text)
		}
	})
}

func FuzzPress(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"user_id":1}`,
		`{"user_id":"` + access + `","channel_id":"` + access + `","post_id":"` + access + `","context":{"seal":5,"key":null,"probe":{}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parsePress(raw)
		if err != nil {
			return
		}
		if !model.IsValidId(p.UserID) || !model.IsValidId(p.PostID) {
			t.Errorf("%q names %+v", raw, p)
		}
		_, _, _ = p.text(contextSeal), p.text(contextKey), p.text(contextProbe)
	})
}

func FuzzSubmission(f *testing.F) {
	c := &clicks{bot: &bot{seal: plugins.NewSealer([]byte(sealSecret)), now: time.Now}}
	for _, seed := range []string{
		`{}`, `{"user_id":"` + access + `","callback_id":"accede_deny","state":"{}","submission":{"reason":1}}`,
		`{"user_id":"` + access + `","callback_id":"accede_deny","state":"{\"seal\":\"AWE\",\"spot\":null}"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := parseSubmission(raw)
		if err != nil {
			return
		}
		_ = s.text(formInput)
		if meant, _, ok := c.opened(s); ok {
			t.Errorf("%q was taken for a dialog of ours: %+v", raw, meant)
		}
	})
}
