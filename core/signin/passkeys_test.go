package signin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/signin/signintest"
	"github.com/accede/accede/internal/clock"
)

const site = "https://accede.example.com"

type passkeyTest struct {
	*signin.Passkeys
	t     *testing.T
	clock *clock.Fake
	owner signin.Owner
}

func newPasskeyTest(t *testing.T) *passkeyTest {
	t.Helper()
	fake := clock.NewFake(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	passkeys, err := signin.NewPasskeys(site, fake.Now)
	if err != nil {
		t.Fatal(err)
	}
	return &passkeyTest{passkeys, t, fake, signin.Owner{Name: "ivan", Shown: "Ivan Petrov"}}
}

func newAuthenticator() *signintest.Authenticator {
	return &signintest.Authenticator{Origin: site, Host: "accede.example.com"}
}

// add gives the owner a passkey.
func (p *passkeyTest) add(device *signintest.Authenticator) (signin.Passkey, error) {
	p.t.Helper()
	asked, key, err := p.BeginAdd(p.owner)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := device.Create(asked)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.FinishAdd(p.owner, key, answer)
}

func (p *passkeyTest) find(string) (signin.Owner, error) { return p.owner, nil }

func (p *passkeyTest) signIn(device *signintest.Authenticator) (signin.Passkey, error) {
	p.t.Helper()
	asked, key, err := p.BeginSignIn()
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := device.Get(asked)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.FinishSignIn(key, answer, p.find)
}

// added is a device whose passkey the owner has.
func (p *passkeyTest) added() *signintest.Authenticator {
	p.t.Helper()
	device := newAuthenticator()
	passkey, err := p.add(device)
	if err != nil {
		p.t.Fatal(err)
	}
	p.owner.Credentials = [][]byte{passkey.Credential}
	return device
}

func TestPasskeySignsIn(t *testing.T) {
	p := newPasskeyTest(t)
	device := p.added()
	first, err := p.signIn(device)
	if err != nil {
		t.Fatal(err)
	}
	p.owner.Credentials = [][]byte{first.Credential}
	second, err := p.signIn(device)
	if err != nil || second.ID != first.ID {
		t.Errorf("second sign-in: %q, %v", second.ID, err)
	}
}

func TestPasskeysAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*signintest.Authenticator){
		"of an unchecked owner": func(a *signintest.Authenticator) { a.Unverified = true },
		"at another site":       func(a *signintest.Authenticator) { a.Origin = "https://evil.example" },
		"for another host":      func(a *signintest.Authenticator) { a.Host = "evil.example" },
	} {
		p := newPasskeyTest(t)
		device := newAuthenticator()
		spoil(device)
		if _, err := p.add(device); !errors.Is(err, signin.ErrPasskey) {
			t.Errorf("adding a passkey %s: %v", name, err)
		}
		device = p.added()
		spoil(device)
		if _, err := p.signIn(device); !errors.Is(err, signin.ErrPasskey) {
			t.Errorf("signing in with a passkey %s: %v", name, err)
		}
	}
}

func TestCopiedPasskeyIsRefused(t *testing.T) {
	p := newPasskeyTest(t)
	device := p.added()
	device.Counter = 10
	used, err := p.signIn(device)
	if err != nil {
		t.Fatal(err)
	}
	p.owner.Credentials = [][]byte{used.Credential}
	device.Counter = 3
	if _, err := p.signIn(device); !errors.Is(err, signin.ErrPasskey) {
		t.Errorf("a passkey whose counter went back: %v", err)
	}
}

func TestPasskeyOfSomebodyElse(t *testing.T) {
	p := newPasskeyTest(t)
	device := p.added()
	p.owner.Name = "bob" // the authenticator keeps another handle
	if _, err := p.signIn(device); !errors.Is(err, signin.ErrPasskey) {
		t.Errorf("error %v", err)
	}
	nobody := errors.New("nobody has it")
	asked, key, err := p.BeginSignIn()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := device.Get(asked)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.FinishSignIn(key, answer, func(string) (signin.Owner, error) { return signin.Owner{}, nobody })
	if !errors.Is(err, nobody) {
		t.Errorf("error %v", err)
	}
}

func TestCeremoniesEndOnceAndInTime(t *testing.T) {
	p := newPasskeyTest(t)
	device := p.added()
	asked, key, err := p.BeginSignIn()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := device.Get(asked)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.FinishSignIn("another", answer, p.find); !errors.Is(err, signin.ErrAttemptUnknown) {
		t.Errorf("in another browser: %v", err)
	}
	if _, err := p.FinishSignIn(key, answer, p.find); err != nil {
		t.Fatal(err)
	}
	if _, err := p.FinishSignIn(key, answer, p.find); !errors.Is(err, signin.ErrAttemptUnknown) {
		t.Errorf("a second time: %v", err)
	}
	asked, key, err = p.BeginSignIn()
	if err != nil {
		t.Fatal(err)
	}
	if answer, err = device.Get(asked); err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(6 * time.Minute)
	if _, err := p.FinishSignIn(key, answer, p.find); !errors.Is(err, signin.ErrAttemptUnknown) {
		t.Errorf("too late: %v", err)
	}
}

func TestWherePasskeysArePossible(t *testing.T) {
	for address, want := range map[string]bool{
		"https://accede.example.com": true, "https://accede.example.com:8443": true, "http://localhost:4180": true,
		"http://accede.example.com": false, "http://127.0.0.1:4180": false, "https://10.0.0.1": false, "": false, "::": false,
	} {
		if got := signin.PasskeysPossible(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func FuzzPasskeyAnswers(f *testing.F) {
	passkeys, err := signin.NewPasskeys(site, nil)
	if err != nil {
		f.Fatal(err)
	}
	asked, _, err := passkeys.BeginAdd(signin.Owner{Name: "ivan"})
	if err != nil {
		f.Fatal(err)
	}
	device := newAuthenticator()
	for _, make := range []func([]byte) ([]byte, error){device.Create, device.Get} {
		answer, err := make(asked)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(answer)
	}
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		_, key, err := passkeys.BeginAdd(signin.Owner{Name: "ivan"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := passkeys.FinishAdd(signin.Owner{Name: "ivan"}, key, answer); err == nil {
			t.Errorf("taken: %s", answer)
		}
		if _, key, err = passkeys.BeginSignIn(); err != nil {
			t.Fatal(err)
		}
		find := func(string) (signin.Owner, error) { return signin.Owner{Name: "ivan"}, nil }
		if _, err := passkeys.FinishSignIn(key, answer, find); err == nil {
			t.Errorf("taken: %s", answer)
		}
	})
}
