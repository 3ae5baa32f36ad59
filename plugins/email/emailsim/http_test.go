package emailsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/standin"
)

// form wraps a mail as Mailgun wants it; empty fields are left out.
func form(t *testing.T, to, raw string) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	if to != "" {
		if err := w.WriteField("to", to); err != nil {
			t.Fatal(err)
		}
	}
	if raw != "" {
		part, err := w.CreateFormFile("message", "message.mime")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), body
}

func TestMailgun(t *testing.T) {
	fine := letter("1@mg.example.com", "x", "y")
	for name, c := range map[string]struct {
		key, domain, to, raw string
		status               int
		says                 string
		arrived              int
	}{
		"fine":           {emailsim.DemoMailgunKey, emailsim.DemoDomain, "ivan@example.com", fine, 200, `"id":"\u003c1@mg.example.com\u003e"`, 1},
		"sending key":    {emailsim.DemoSendingKey, emailsim.DemoDomain, "ivan@example.com", fine, 200, "Queued", 1},
		"no key":         {"", emailsim.DemoDomain, "ivan@example.com", fine, 401, "Forbidden", 0},
		"wrong key":      {"x", emailsim.DemoDomain, "ivan@example.com", fine, 401, "Forbidden", 0},
		"unknown domain": {emailsim.DemoMailgunKey, "x.example", "ivan@example.com", fine, 404, "Domain not found: x.example", 0},
		"no recipient":   {emailsim.DemoMailgunKey, emailsim.DemoDomain, "", fine, 400, "not a valid address", 0},
		"no message":     {emailsim.DemoMailgunKey, emailsim.DemoDomain, "ivan@example.com", "", 400, "message parameter is missing", 0},
		"malformed":      {emailsim.DemoMailgunKey, emailsim.DemoDomain, "ivan@example.com", "x", 400, "cannot be parsed", 0},
		"nobody":         {emailsim.DemoMailgunKey, emailsim.DemoDomain, "nobody@example.com", fine, 200, "Queued", 0},
	} {
		w := newWorld(t)
		contentType, body := form(t, c.to, c.raw)
		status, text, _ := w.do(http.MethodPost, "/v3/"+c.domain+"/messages.mime", contentType, c.key, body)
		if status != c.status || !strings.Contains(text, c.says) || len(w.sim.Mails()) != c.arrived {
			t.Errorf("%s: %d %s with %d mails", name, status, text, len(w.sim.Mails()))
		}
	}
}

func (w *world) events(key, query string) (int, []string) {
	w.t.Helper()
	status, text, _ := w.do(http.MethodGet, "/v3/"+emailsim.DemoDomain+"/events?"+query, "", key, nil)
	var page struct {
		Items []struct {
			Event string `json:"event"`
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		return status, nil
	}
	kinds := []string{}
	for _, item := range page.Items {
		kinds = append(kinds, item.Event)
	}
	return status, kinds
}

func TestMailgunsEvents(t *testing.T) {
	w := newWorld(t)
	for i, to := range []string{"ivan@example.com", "nobody@example.com"} {
		contentType, body := form(t, to, letter(fmt.Sprintf("%d@mg.example.com", i), "x", "y"))
		w.do(http.MethodPost, "/v3/"+emailsim.DemoDomain+"/messages.mime", contentType, emailsim.DemoMailgunKey, body)
	}
	now := time.Now().Unix()
	for query, want := range map[string]string{
		"ascending=yes": "200 [accepted delivered accepted failed]",
		"ascending=no":  "200 [failed accepted delivered accepted]",
		"ascending=yes&message-id=0@mg.example.com":   "200 [accepted delivered]",
		"ascending=yes&message-id=nothing":            "200 []",
		"ascending=yes&event=failed":                  "200 [failed]",
		"ascending=yes&limit=1":                       "200 [accepted]",
		"ascending=yes&limit=999":                     "400 []",
		"":                                            "400 []",
		fmt.Sprintf("ascending=yes&begin=%d", now+60): "200 []",
	} {
		status, kinds := w.events(emailsim.DemoMailgunKey, query)
		if got := fmt.Sprintf("%d %v", status, kinds); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	if status, _ := w.events(emailsim.DemoSendingKey, "ascending=yes"); status != http.StatusForbidden {
		t.Errorf("a sending key reads events: %d", status)
	}
	late := newWorld(t, func(c *emailsim.Config) { c.Mailgun.EventLag = time.Hour })
	contentType, body := form(t, "ivan@example.com", letter("1@mg.example.com", "x", "y"))
	late.do(http.MethodPost, "/v3/"+emailsim.DemoDomain+"/messages.mime", contentType, emailsim.DemoMailgunKey, body)
	if _, kinds := late.events(emailsim.DemoMailgunKey, "ascending=yes"); len(kinds) != 0 {
		t.Errorf("events that lag an hour are there: %v", kinds)
	}
}

func TestMailgunsFaults(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		faults standin.Faults
		status int
		says   string
	}{
		"limit":  {standin.Faults{RateLimit: 1, RetryAfter: 60}, 429, "request limit exceeded, try again after "},
		"before": {standin.Faults{FailBefore: 1}, 500, "Internal Server Error"},
		"drop":   {standin.Faults{DropAfter: 1}, 0, "EOF"},
	} {
		if err := w.sim.Faults().Set(c.faults); err != nil {
			t.Fatal(err)
		}
		contentType, body := form(t, "ivan@example.com", letter("1@mg.example.com", "x", "y"))
		status, text, _ := w.do(http.MethodPost, "/v3/"+emailsim.DemoDomain+"/messages.mime", contentType, emailsim.DemoMailgunKey, body)
		if status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if got := len(w.sim.Mails()); got != 1 {
		t.Errorf("%d mails arrived, want the one whose answer was dropped", got)
	}
}

func TestTheTokenEndpoint(t *testing.T) {
	w := newWorld(t)
	good := url.Values{"client_id": {emailsim.DemoClientID}, "client_secret": {emailsim.DemoClientSecret}, "grant_type": {"client_credentials"}}
	for name, c := range map[string]struct {
		set    [2]string
		status int
		says   string
	}{
		"fine":          {[2]string{}, 200, `"access_token":"at-`},
		"refresh":       {[2]string{"grant_type", "refresh_token"}, 400, "invalid_grant"},
		"wrong secret":  {[2]string{"client_secret", "x"}, 401, "invalid_client"},
		"no secret":     {[2]string{"client_secret", ""}, 401, "invalid_client"},
		"scope":         {[2]string{"scope", "everything"}, 400, "invalid_scope"},
		"another grant": {[2]string{"grant_type", "password"}, 400, "unsupported_grant_type"},
	} {
		asked := url.Values{}
		for name, values := range good {
			asked[name] = values
		}
		if c.set[0] != "" {
			asked.Set(c.set[0], c.set[1])
		}
		status, text, _ := w.do(http.MethodPost, "/oauth/token", "application/x-www-form-urlencoded", "", strings.NewReader(asked.Encode()))
		if status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}

func TestThePage(t *testing.T) {
	w := newWorld(t)
	for i, more := range []string{"", "In-Reply-To: <0@example.com>"} {
		raw := letter(fmt.Sprintf("%d@example.com", i), "A subject <b>", "hello <script>alert(1)</script>", "X-Extra: 1")
		if more != "" {
			raw = letter(fmt.Sprintf("%d@example.com", i), "A subject <b>", "hello", more)
		}
		if err := w.send(raw, "ivan@example.com"); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string][]string{
		"/?as=ivan":                 {"A subject &lt;b&gt;", `src="mails/1"`, `src="mails/2"`, "SMTP with TLS", `<span class="count">2</span>`, "Make it misbehave"},
		"/?as=ivan&text=1&thread=1": {"hello &lt;script&gt;", "As HTML"},
		"/?as=ivan&bare=1":          {`class="bare"`},
		"/?as=alice":                {"No mail yet"},
		"/?as=dave":                 {"mailbox is full"},
		"/":                         {"alice@example.com"},
		"/sandbox/ca.pem":           {"BEGIN CERTIFICATE"},
		"/sandbox/mails?to=ivan@example.com&key=": {`"subject":"A subject \u003cb\u003e"`},
		"/sandbox/raw?id=1":                       {"Message-ID: <0@example.com>"},
		"/sandbox/raw?id=9":                       {"there is no such mail"},
		"/sandbox/stats":                          {`"mails":2`},
		"/sandbox/version":                        {"2"},
		"/sandbox/wait?version=1":                 {"2"},
		"/sandbox/wait?version=x":                 {"version must be a number"},
		"/sandbox/posts?about=requests/1":         {`"place":"ivan"`},
	} {
		_, body, _ := w.get(path)
		for _, part := range want {
			if !strings.Contains(body, part) {
				t.Errorf("%s lacks %q:\n%s", path, part, body)
			}
		}
	}
	_, body, header := w.get("/mails/1")
	policy := header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "sandbox ") || strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") ||
		!strings.Contains(policy, "default-src 'none'") || !strings.Contains(body, `<base target="_blank">`) {
		t.Errorf("the frame is not fenced in: %s", policy)
	}
	if status, _, _ := w.get("/mails/9"); status != http.StatusNotFound {
		t.Errorf("a mail that is not there: %d", status)
	}
}

func TestNobodyDecidesInAMailbox(t *testing.T) {
	w := newWorld(t)
	if err := w.send(letter("1@example.com", "x", "y"), "ivan@example.com"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		deed standin.Deed
		says string
	}{
		{standin.Deed{Person: "ivan", Post: "1", Action: "approve"}, "open the link"},
		{standin.Deed{Person: "ivan", Post: "1", Action: "deny", Reason: "no"}, "open the link"},
		{standin.Deed{Person: "bob", Post: "1", Action: "approve"}, "no such mail"},
		{standin.Deed{Person: "eve", Post: "1", Action: "approve"}, "nobody here"},
		{standin.Deed{Person: "ivan", Post: "2", Action: "approve"}, "no such mail"},
	} {
		_, err := w.sim.Do(t.Context(), c.deed)
		refused, ok := err.(standin.RefusedError) //nolint:errorlint // it is never wrapped
		if !ok || !strings.Contains(string(refused), c.says) {
			t.Errorf("%+v: %v", c.deed, err)
		}
	}
}

func TestTheDemosPlugin(t *testing.T) {
	overSMTP := emailsim.DemoPlugin(standin.Place{BaseURL: "http://127.0.0.1:4190/email", SideAddress: "127.0.0.1:4525"})
	if !strings.Contains(overSMTP.Config, "port: 4525") || !strings.Contains(overSMTP.Config, "BEGIN CERTIFICATE") || len(overSMTP.Recipients) != 2 {
		t.Errorf("%+v", overSMTP)
	}
	through := emailsim.DemoPlugin(standin.Place{BaseURL: "http://127.0.0.1:4190/email"})
	if !strings.Contains(through.Config, "api_url: http://127.0.0.1:4190/email") || strings.Contains(through.Config, "smtp:") {
		t.Errorf("%+v", through)
	}
}
