package discord

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/discord/discordsim"
)

// signer is the key of the demo's application.
func signer() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(discordsim.Demo().SigningSeed) }

func signedHeader(key ed25519.PrivateKey, timestamp, body string) http.Header {
	return http.Header{headerTimestamp: {timestamp}, headerSignature: {discordsim.Sign(key, timestamp, []byte(body))}}
}

func TestSignatures(t *testing.T) {
	key, at := signer(), time.Unix(1795253400, 0)
	public, _ := key.Public().(ed25519.PublicKey)
	const stamp, body = "1795253400", `{"type":1}`
	fine := signedHeader(key, stamp, body)
	other := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	with := func(timestamp, signature string) http.Header {
		return http.Header{headerTimestamp: {timestamp}, headerSignature: {signature}}
	}
	for name, c := range map[string]struct {
		key    ed25519.PublicKey
		header http.Header
		body   string
		now    time.Time
		want   error
	}{
		"fine":              {public, fine, body, at, nil},
		"four minutes old":  {public, fine, body, at.Add(4 * time.Minute), nil},
		"clock behind":      {public, fine, body, at.Add(-4 * time.Minute), nil},
		"upper case":        {public, with(stamp, strings.ToUpper(fine.Get(headerSignature))), body, at, nil},
		"six minutes old":   {public, fine, body, at.Add(6 * time.Minute), errOld},
		"from the future":   {public, fine, body, at.Add(-6 * time.Minute), errOld},
		"another key":       {public, signedHeader(other, stamp, body), body, at, errForged},
		"another body":      {public, fine, body + " ", at, errForged},
		"another timestamp": {public, with("1795253401", fine.Get(headerSignature)), body, at, errForged},
		"no key":            {nil, fine, body, at, errUnsigned},
		"no headers":        {public, nil, body, at, errUnsigned},
		"odd timestamp":     {public, signedHeader(key, "now", body), body, at, errUnsigned},
		"cut signature":     {public, with(stamp, fine.Get(headerSignature)[:100]), body, at, errUnsigned},
		"no hexadecimal":    {public, with(stamp, strings.Repeat("z", 128)), body, at, errUnsigned},
	} {
		if got := verify(c.key, c.header, []byte(c.body), c.now); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func signedRequest(t *testing.T, method, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/callback", strings.NewReader(body))
	for name, values := range signedHeader(signer(), strconv.FormatInt(time.Now().Unix(), 10), body) {
		r.Header.Set(name, values[0])
	}
	return r
}

func TestOddRequestsAreTurnedAway(t *testing.T) {
	w := newWorld(t, viaHTTP)
	handler := w.bot.(plugins.Receiver).Handler(w.decisions) //nolint:errcheck // an HTTP bot
	unsigned := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/callback", strings.NewReader(`{"type":1}`))
	for name, c := range map[string]struct {
		request *http.Request
		want    int
		body    string
	}{
		"ping":      {signedRequest(t, http.MethodPost, `{"type":1}`), http.StatusOK, `{"type":1}`},
		"unsigned":  {unsigned, http.StatusUnauthorized, ""},
		"GET":       {signedRequest(t, http.MethodGet, `{"type":1}`), http.StatusMethodNotAllowed, ""},
		"not json":  {signedRequest(t, http.MethodPost, "x"), http.StatusBadRequest, ""},
		"nobody":    {signedRequest(t, http.MethodPost, `{"type":3,"id":"1300000000000000001"}`), http.StatusBadRequest, ""},
		"too large": {signedRequest(t, http.MethodPost, strings.Repeat(" ", maxCallback+1)), http.StatusRequestEntityTooLarge, ""},
	} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, c.request)
		if answer.Code != c.want || c.body != "" && answer.Body.String() != c.body {
			t.Errorf("%s: answered %d %q, want %d", name, answer.Code, answer.Body, c.want)
		}
	}
}

func TestDiscordTakesTheAddress(t *testing.T) {
	w := newWorld(t, viaHTTP)
	if problem := w.sim.Probe(t.Context()); problem != "" {
		t.Error(problem)
	}
	wrong := newWorld(t, viaHTTP, func(s *setting) { s.config.PublicKey = strings.Repeat("ab", 32) })
	if problem := wrong.sim.Probe(t.Context()); !strings.Contains(problem, "could not be verified") {
		t.Errorf("with another application's key: %q", problem)
	}
}

func FuzzSignature(f *testing.F) {
	key := signer()
	public, _ := key.Public().(ed25519.PublicKey)
	good := discordsim.Sign(key, "1795253400", []byte(`{}`))
	f.Add("1795253400", good, []byte(`{}`))
	f.Add("", "00", []byte{})
	f.Fuzz(func(t *testing.T, timestamp, signature string, body []byte) {
		header := http.Header{headerTimestamp: {timestamp}, headerSignature: {signature}}
		err := verify(public, header, body, time.Unix(1795253400, 0))
		if want := discordsim.Sign(key, timestamp, body); err == nil && !strings.EqualFold(signature, want) {
			t.Error("an unsigned body was accepted")
		}
		_, _ = hex.DecodeString(signature)
	})
}
