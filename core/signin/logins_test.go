package signin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/internal/clock"
)

const verifier = "a secret of the program"

func login() signin.Login {
	return signin.Login{Challenge: v1.LoginChallenge(verifier), Device: "laptop"}
}

func newLogins() (*signin.Logins, *clock.Fake) {
	fake := clock.NewFake(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	return signin.NewLogins(fake.Now), fake
}

func TestGrantedLogin(t *testing.T) {
	logins, fake := newLogins()
	for name, tt := range map[string]struct {
		verifier string
		wait     time.Duration
		want     error
	}{
		"the program":     {verifier, 0, nil},
		"another program": {"another secret", 0, signin.ErrLoginUnknown},
		"too late":        {verifier, 11 * time.Minute, signin.ErrLoginUnknown},
	} {
		code, err := logins.Grant(login(), "ivan")
		if err != nil {
			t.Fatal(err)
		}
		fake.Advance(tt.wait)
		person, device, err := logins.Finish(code, tt.verifier)
		if !errors.Is(err, tt.want) || tt.want == nil && (person != "ivan" || device != "laptop") {
			t.Errorf("%s: %q on %q, %v", name, person, device, err)
		}
		if _, _, err := logins.Finish(code, verifier); !errors.Is(err, signin.ErrLoginUnknown) {
			t.Errorf("%s, then again: %v", name, err)
		}
	}
}

func TestAskedLogin(t *testing.T) {
	logins, fake := newLogins()
	code, word, err := logins.Ask(login())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := logins.Finish(code, verifier); !errors.Is(err, signin.ErrLoginPending) {
		t.Errorf("before anybody agreed: %v", err)
	}
	typed := strings.ToLower(strings.ReplaceAll(word, "-", " "))
	if got, ok := logins.Asked(typed); !ok || got != login() {
		t.Errorf("%q leads to %v, %v", typed, got, ok)
	}
	for _, wrong := range []string{"", "AAAA-AAAA", code, word + "2"} {
		if _, ok := logins.Asked(wrong); ok || logins.Answer(wrong, "ivan", true) {
			t.Errorf("the word %q is known", wrong)
		}
	}
	if !logins.Answer(typed, "ivan", true) || logins.Answer(word, "mallory", true) {
		t.Error("a word is answered once")
	}
	if person, _, err := logins.Finish(code, verifier); err != nil || person != "ivan" {
		t.Errorf("%q, %v", person, err)
	}
	if code, word, err = logins.Ask(login()); err != nil {
		t.Fatal(err)
	}
	logins.Answer(word, "ivan", false)
	if _, _, err := logins.Finish(code, verifier); !errors.Is(err, signin.ErrLoginRefused) {
		t.Errorf("after a refusal: %v", err)
	}
	if _, word, err = logins.Ask(login()); err != nil {
		t.Fatal(err)
	}
	fake.Advance(11 * time.Minute)
	if _, ok := logins.Asked(word); ok {
		t.Error("a word holds for longer than ten minutes")
	}
}

func TestValidLogins(t *testing.T) {
	good := login()
	for want, list := range map[bool][]signin.Login{
		true: {good, {Challenge: good.Challenge}},
		false: {
			{},
			{Challenge: good.Challenge[1:]},
			{Challenge: good.Challenge + "A"},
			{Challenge: strings.Repeat("!", 43)},
			{Challenge: good.Challenge, Device: "two\nlines"},
			{Challenge: good.Challenge, Device: strings.Repeat("x", 101)},
		},
	} {
		for _, one := range list {
			if one.Valid() != want {
				t.Errorf("%+v is valid: %v", one, !want)
			}
		}
	}
}
