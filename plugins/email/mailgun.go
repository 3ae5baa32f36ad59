package email

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// mailgun hands mails to Mailgun's API: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages.
type mailgun struct {
	config *Config
	http   *http.Client
	writer *writer
	now    func() time.Time
}

func newMailgun(c *Config, client *http.Client, w *writer, now func() time.Time) *mailgun {
	return &mailgun{config: c, http: client, writer: w, now: now}
}

const maxMailgunAnswer = 1 << 20

var errNoAnswer = errors.New("the answer cannot be read")

func (m *mailgun) carry(ctx context.Context, l letter) error {
	mail, err := m.writer.bytes(l)
	if err != nil {
		return err
	}
	body, kind, err := m.form(l.to, mail)
	if err != nil {
		return &plugins.Error{Op: "writing mail", Kind: plugins.Invalid, Err: err, Public: "The mail could not be written; please report this."}
	}
	answer, err := m.call(ctx, http.MethodPost, "/v3/"+m.domain()+"/messages.mime", body, kind, vendorhttp.Creates)
	if err != nil {
		return err
	}
	return parseQueued(answer)
}

func (m *mailgun) domain() string { return m.config.Mailgun.Domain.String() }

// form wraps the mail. Tracking is off: it would lead the link through somebody else.
func (m *mailgun) form(to string, mail []byte) (body io.Reader, contentType string, err error) {
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	fields := [][2]string{{"to", to}, {"o:tracking", "no"}, {"o:tracking-clicks", "no"}, {"o:tracking-opens", "no"}}
	if m.config.Mailgun.RequireTLS {
		fields = append(fields, [2]string{"o:require-tls", "yes"})
	}
	for _, field := range fields {
		if err := form.WriteField(field[0], field[1]); err != nil {
			return nil, "", err
		}
	}
	part, err := form.CreateFormFile("message", "message.mime")
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(mail); err != nil {
		return nil, "", err
	}
	return &out, form.FormDataContentType(), form.Close()
}

// call asks Mailgun once and returns the body of a good answer.
func (m *mailgun) call(ctx context.Context, method, path string, body io.Reader, kind string, effect vendorhttp.Effect) ([]byte, error) {
	op := "asking Mailgun"
	if effect == vendorhttp.Creates {
		op = "handing mail to Mailgun"
	}
	req, err := http.NewRequestWithContext(ctx, method, m.config.Mailgun.base()+path, body)
	if err != nil {
		return nil, &plugins.Error{Op: op, Kind: plugins.Invalid, Public: "mailgun.api_url is no address."}
	}
	req.SetBasicAuth("api", m.config.Mailgun.APIKey.Reveal())
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := m.http.Do(req)
	if err != nil {
		return nil, withSentence(vendorhttp.Failure(op, effect, nil, err), "Mailgun could not be reached or did not answer; the plugin tries again.")
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxMailgunAnswer))
	if failure := m.failure(op, effect, resp, answer); failure != nil {
		return nil, failure
	}
	if err != nil {
		return nil, withSentence(vendorhttp.Failure(op, effect, nil, err), "Mailgun's answer broke off; the plugin tries again.")
	}
	return answer, nil
}

// failure words a refusal.
func (m *mailgun) failure(op string, effect vendorhttp.Effect, resp *http.Response, body []byte) error {
	failure := vendorhttp.Failure(op, effect, resp, nil)
	typed, ok := errors.AsType[*plugins.Error](failure)
	if !ok {
		return failure
	}
	said := mailgunSaid(body)
	typed.Public = m.sentence(resp.StatusCode, said)
	if said != "" {
		typed.Err = fmt.Errorf("%w: %s", typed.Err, vendorhttp.Redact(said))
	}
	switch resp.StatusCode {
	case http.StatusNotFound:
		typed.Kind = plugins.Auth // it is the domain that is not there, never the recipient
	case http.StatusTooManyRequests:
		if wait, ok := waitIn(said, m.now()); ok && resp.Header.Get("Retry-After") == "" {
			typed.RetryAfter = wait
		}
	}
	return typed
}

func (m *mailgun) sentence(status int, said string) string {
	switch status {
	case http.StatusUnauthorized:
		return "Mailgun does not take mailgun.api_key; copy it again, and check that mailgun.region is where the domain was created."
	case http.StatusPaymentRequired:
		return "Mailgun wants its bill paid, or the plan does not allow this."
	case http.StatusForbidden:
		return "Mailgun does not allow this account or key to send for the domain; see the domain's page in its control panel."
	case http.StatusNotFound:
		return fmt.Sprintf("Mailgun knows no domain %s in this account and region; correct mailgun.domain or mailgun.region.", m.domain())
	case http.StatusTooManyRequests:
		return "Mailgun wants fewer mails for a while; nothing to do."
	case http.StatusRequestEntityTooLarge:
		return "The mail is larger than Mailgun takes."
	}
	if status >= http.StatusInternalServerError {
		return "Mailgun is having trouble; the plugin tries again."
	}
	return "Mailgun refuses the mail: " + vendorhttp.Redact(said)
}

// mailgunSaid is the message in Mailgun's answer, which is JSON for most faults and bare text for some.
func mailgunSaid(body []byte) string {
	var said struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &said); err == nil {
		return ruler.OneLine(said.Message, 200)
	}
	return ruler.OneLine(string(body[:min(len(body), 1000)]), 200)
}

const (
	waitMark    = "try again after "
	longestWait = time.Hour
)

// waitIn reads how long a refusal asks to wait: it names a date.
func waitIn(said string, now time.Time) (time.Duration, bool) {
	_, date, ok := strings.Cut(said, waitMark)
	if !ok {
		return 0, false
	}
	until, err := http.ParseTime(strings.TrimSpace(date))
	if err != nil {
		return 0, false
	}
	return min(max(until.Sub(now), time.Second), longestWait), true
}

// parseQueued makes sure that the answer is the one to an accepted mail.
func parseQueued(body []byte) error {
	var queued struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &queued); err != nil || queued.ID == "" {
		return &plugins.Error{
			Op: "handing mail to Mailgun", Kind: plugins.Unknown, Err: errNoAnswer,
			Public: "Mailgun's answer cannot be read; the plugin looks whether it took the mail.",
		}
	}
	return nil
}

// mailgunPostman can look up what was sent.
type mailgunPostman struct {
	*postman
	api *mailgun
}

// Find looks for a mail in Mailgun's events by its Message-ID. Events lag behind, by seconds as a rule.
func (p *mailgunPostman) Find(ctx context.Context, to plugins.Destination, search plugins.Search) (plugins.Ref, bool, error) {
	address, id := to.ID, p.writer.messageID(search.Key)
	if search.Parent != "" {
		parent, err := decodeRef(search.Parent)
		if err != nil {
			return "", false, err
		}
		address = parent.to
	}
	found, err := p.api.known(ctx, id, search.Since)
	if err != nil || !found {
		return "", false, err
	}
	return ref{to: address, id: id}.encode(), true, nil
}

// known asks whether there is any event about a mail. Mailgun keeps events for some days, depending on the plan.
func (m *mailgun) known(ctx context.Context, id string, since time.Time) (bool, error) {
	query := url.Values{
		"message-id": {id}, "begin": {strconv.FormatInt(since.Add(-time.Minute).Unix(), 10)}, "ascending": {"yes"}, "limit": {"5"},
	}
	answer, err := m.call(ctx, http.MethodGet, "/v3/"+m.domain()+"/events?"+query.Encode(), nil, "", vendorhttp.Repeatable)
	if err != nil {
		return false, err
	}
	return parseEvents(answer, id)
}

// parseEvents says whether one of the events is about the mail: an answer that ignores the filter proves nothing.
func parseEvents(body []byte, id string) (bool, error) {
	var page struct {
		Items []struct {
			Message struct {
				Headers struct {
					ID string `json:"message-id"`
				} `json:"headers"`
			} `json:"message"`
		} `json:"items"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return false, &plugins.Error{
			Op: "looking up mail at Mailgun", Kind: plugins.Transient, Err: errNoAnswer, Public: "Mailgun's answer cannot be read; the plugin tries again.",
		}
	}
	for _, item := range page.Items {
		if strings.Trim(item.Message.Headers.ID, "<>") == id {
			return true, nil
		}
	}
	return false, nil
}
