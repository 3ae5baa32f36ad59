package teams

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/standin"
)

// newCertificate makes a certificate that ends after a while, and its key, as PEM.
func newCertificate(t *testing.T, left time.Duration) (certificate, key string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "accede"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(left),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

func byCertificate(certificate, key string) func(*setting) {
	return func(s *setting) {
		s.tenant.App.Secret, s.tenant.App.CertificatePEM = "", certificate
		s.config.AppSecret, s.config.Certificate, s.config.PrivateKey = secret.String{}, secret.New(certificate), secret.New(key)
	}
}

func TestABotProvesItselfByCertificate(t *testing.T) {
	t.Parallel()
	certificate, key := newCertificate(t, 90*24*time.Hour)
	w := newWorld(t, byCertificate(certificate, key))
	w.counted()
	_, m := w.post(channelPlace(), "key-1", demoCard())
	if !w.click("ivan", m.ID, "approve").OK {
		t.Error("a click does not count")
	}
	if got := w.check("#access-requests"); len(got) != 0 {
		t.Errorf("findings %+v", got)
	}
}

func TestTokenFaults(t *testing.T) {
	t.Parallel()
	certificate, key := newCertificate(t, 90*24*time.Hour)
	other, otherKey := newCertificate(t, 90*24*time.Hour)
	for name, c := range map[string]struct {
		change []func(*setting)
		want   string
	}{
		"wrong secret": {[]func(*setting){func(s *setting) { s.config.AppSecret = secret.New("s3cret-that-is-wrong") }}, "AADSTS7000215"},
		"wrong app":    {[]func(*setting){func(s *setting) { s.config.AppID = s.config.Tenant }}, "AADSTS700016"},
		"wrong tenant": {[]func(*setting){func(s *setting) { s.config.Tenant = s.config.AppID }}, "AADSTS90002"},
		"unknown certificate": {[]func(*setting){byCertificate(certificate, key), func(s *setting) {
			s.config.Certificate, s.config.PrivateKey = secret.New(other), secret.New(otherKey)
		}}, "AADSTS700027"},
		"clock is off": {[]func(*setting){byCertificate(certificate, key), func(s *setting) {
			s.deps.Now = func() time.Time { return time.Now().Add(time.Hour) }
		}}, "AADSTS700024"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.change...)
			_, err := w.bot.Post(t.Context(), channelPlace(), "key-1", demoCard())
			typed, ok := errors.AsType[*plugins.Error](err)
			if !ok || typed.Kind != plugins.Auth || !strings.Contains(err.Error(), c.want) || typed.Public != tokenFaults()[c.want] {
				t.Fatalf("error %v", err)
			}
			if strings.Contains(err.Error(), "s3cret") || strings.Contains(typed.Public, "s3cret") {
				t.Error("the error holds the secret")
			}
			findings := w.check()
			if len(findings) == 0 || findings[len(findings)-1].Fix != tokenFaults()[c.want] {
				t.Errorf("findings %+v", findings)
			}
		})
	}
}

func TestWithoutATokenNothingWasPosted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, faults := range []standin.Faults{{FailAfter: 1}, {DropAfter: 1}, {RateLimit: 1}} {
		faults.Only = []string{"token"}
		if err := w.sim.Faults().Set(faults); err != nil {
			t.Fatal(err)
		}
		_, err := w.bot.Post(t.Context(), channelPlace(), "key-1", demoCard())
		if kind := plugins.KindOf(err); kind != plugins.Transient && kind != plugins.RateLimited {
			t.Errorf("%+v: %v of kind %s", faults, err, kind)
		}
	}
}

func TestNobodyIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setting) { s.config.Endpoints.Connector = config.Address("http://127.0.0.1:1/teams") })
	_, err := w.bot.Post(t.Context(), channelPlace(), "key-1", demoCard())
	typed, ok := errors.AsType[*plugins.Error](err)
	if !ok || typed.Kind != plugins.Transient || !strings.Contains(typed.Public, "could not be reached") {
		t.Errorf("%v", err)
	}
}
