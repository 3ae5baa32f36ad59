package slack

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/slack/slacksim"
)

// The example of https://docs.slack.dev/authentication/verifying-requests-from-slack.
const (
	vectorSecret    = "8f742231b10e8888abcd99yyyzzz85a5"
	vectorTimestamp = "1531420618"
	vectorSignature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	vectorBody      = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&" +
		"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&" +
		"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&" +
		"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)

func TestTheDocumentedSignatureIsAccepted(t *testing.T) {
	at := time.Unix(1531420618, 0)
	header := http.Header{headerTimestamp: {vectorTimestamp}, headerSignature: {vectorSignature}}
	for name, c := range map[string]struct {
		secret string
		header http.Header
		body   string
		now    time.Time
		want   error
	}{
		"documented":        {vectorSecret, header, vectorBody, at, nil},
		"four minutes old":  {vectorSecret, header, vectorBody, at.Add(4 * time.Minute), nil},
		"clock behind":      {vectorSecret, header, vectorBody, at.Add(-4 * time.Minute), nil},
		"six minutes old":   {vectorSecret, header, vectorBody, at.Add(6 * time.Minute), errOld},
		"from the future":   {vectorSecret, header, vectorBody, at.Add(-6 * time.Minute), errOld},
		"another secret":    {"another", header, vectorBody, at, errForged},
		"no secret":         {"", header, vectorBody, at, errUnsigned},
		"another body":      {vectorSecret, header, vectorBody + "&", at, errForged},
		"no headers":        {vectorSecret, nil, vectorBody, at, errUnsigned},
		"odd timestamp":     {vectorSecret, http.Header{headerTimestamp: {"now"}, headerSignature: {vectorSignature}}, vectorBody, at, errUnsigned},
		"another timestamp": {vectorSecret, http.Header{headerTimestamp: {"1531420619"}, headerSignature: {vectorSignature}}, vectorBody, at, errForged},
		"upper case":        {vectorSecret, http.Header{headerTimestamp: {vectorTimestamp}, headerSignature: {strings.ToUpper(vectorSignature)}}, vectorBody, at, errForged},
		"cut signature":     {vectorSecret, http.Header{headerTimestamp: {vectorTimestamp}, headerSignature: {vectorSignature[:40]}}, vectorBody, at, errForged},
	} {
		if got := verify(c.secret, c.header, []byte(c.body), c.now); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestTheStandInSignsAsWeVerify(t *testing.T) {
	body := []byte("payload=x")
	if sign("s", "1", body) != slacksim.Sign("s", "1", body) {
		t.Error("two readings of Slack's documentation differ")
	}
}

func signedRequest(t *testing.T, method, contentType, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/callback", strings.NewReader(body))
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set(headerTimestamp, timestamp)
	r.Header.Set(headerSignature, sign(slacksim.DemoSigningSecret, timestamp, []byte(body)))
	r.Header.Set("Content-Type", contentType)
	return r
}

func TestOddRequestsAreTurnedAway(t *testing.T) {
	w := newWorld(t, viaHTTP)
	handler := w.bot.(plugins.Receiver).Handler(w.decisions) //nolint:errcheck // an HTTP bot
	const form = "application/x-www-form-urlencoded"
	harmless := url.Values{"payload": {`{"type":"shortcut","user":{"id":"U0IVAN"}}`}}.Encode()
	for name, c := range map[string]struct {
		request *http.Request
		want    int
	}{
		"fine":       {signedRequest(t, http.MethodPost, form, harmless), http.StatusOK},
		"charset":    {signedRequest(t, http.MethodPost, form+"; charset=utf-8", harmless), http.StatusOK},
		"GET":        {signedRequest(t, http.MethodGet, form, harmless), http.StatusMethodNotAllowed},
		"json":       {signedRequest(t, http.MethodPost, "application/json", harmless), http.StatusUnsupportedMediaType},
		"no payload": {signedRequest(t, http.MethodPost, form, "a=b"), http.StatusBadRequest},
		"bad form":   {signedRequest(t, http.MethodPost, form, "%zz"), http.StatusBadRequest},
		"not json":   {signedRequest(t, http.MethodPost, form, "payload=x"), http.StatusOK},
		"too large":  {signedRequest(t, http.MethodPost, form, strings.Repeat("x", maxCallback+1)), http.StatusRequestEntityTooLarge},
	} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, c.request)
		if answer.Code != c.want {
			t.Errorf("%s: answered %d, want %d", name, answer.Code, c.want)
		}
	}
}

func FuzzSignature(f *testing.F) {
	f.Add(vectorTimestamp, vectorSignature, []byte(vectorBody))
	f.Add("", "v0=", []byte{})
	f.Fuzz(func(t *testing.T, timestamp, signature string, body []byte) {
		header := http.Header{headerTimestamp: {timestamp}, headerSignature: {signature}}
		err := verify(vectorSecret, header, body, time.Unix(1531420618, 0))
		if err == nil && signature != slacksim.Sign(vectorSecret, timestamp, body) {
			t.Error("an unsigned body was accepted")
		}
	})
}

func FuzzPayload(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"approve","value":"x"}]}`,
		`{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"accede_deny","private_metadata":"{}","state":{"values":{"a":{"b":{"value":null}}}}}}`,
		`{"type":"block_actions","team":null,"channel":{"id":1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parsePayload(raw)
		if err != nil {
			return
		}
		if p.User.ID == "" {
			t.Error("a payload without a user was accepted")
		}
		_, _ = p.pressed()
		_ = p.spot().evidence()
		_, _, _ = p.team(), p.enterprise(), p.userName()
	})
}

func FuzzSealedValue(f *testing.F) {
	sealer := plugins.NewSealer([]byte(sealSecret))
	good, err := sealer.Seal(plugins.Action{RequestID: requestID, Version: 3, Fingerprint: "0011223344556677", Verdict: "approve"}, "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:70])
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		action, err := sealer.Open(value, "", time.Now())
		if err == nil && value != good {
			t.Errorf("%q was accepted as %+v", value, action)
		}
	})
}
