package stack

import (
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Browser is a person's browser that runs no scripts.
type Browser struct {
	base   string
	client http.Client
}

// SetPassword gives a demo person a password.
func (s *Stack) SetPassword(ctx context.Context, person, password string) error {
	file := filepath.Join(s.Dir, person+".password")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		return fmt.Errorf("writing a password: %w", err)
	}
	_, err := s.Admin(ctx, "admin", "user", "password", person, "--password-file", file)
	return err
}

// Browse gives a demo person a password and signs them in on the core's pages.
func (s *Stack) Browse(ctx context.Context, person string) (*Browser, error) {
	password := rand.Text()
	if err := s.SetPassword(ctx, person, password); err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("making a cookie jar: %w", err)
	}
	b := &Browser{base: s.CoreURL, client: http.Client{Jar: jar, Timeout: callWithin}}
	return b, b.signIn(ctx, url.Values{"name": {person}, "password": {password}})
}

// signIn does not follow where a sign-in leads.
func (b *Browser) signIn(ctx context.Context, form url.Values) error {
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { b.client.CheckRedirect = nil }()
	response, err := b.post(ctx, "/sign-in", form)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("signing %s in on the page: %s", form.Get("name"), response.Status)
	}
	return nil
}

// Open opens a page; an address of the core may be given in full.
func (b *Browser) Open(ctx context.Context, address string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+strings.TrimPrefix(address, b.base), nil)
	if err != nil {
		return "", err
	}
	return read(b.client.Do(request)) //nolint:bodyclose // read closes it
}

// Send sends a form off and returns the page that it leads to.
func (b *Browser) Send(ctx context.Context, path string, form url.Values) (string, error) {
	return read(b.post(ctx, path, form)) //nolint:bodyclose // read closes it
}

func (b *Browser) post(ctx context.Context, path string, form url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", b.base)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.client.Do(request)
}

func read(response *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("reading a page: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return string(page), fmt.Errorf("%s answers %s: %.500s", response.Request.URL, response.Status, page)
	}
	return string(page), nil
}

// Decide opens the page of a request, and sends its form off with a verdict and a reason.
func (b *Browser) Decide(ctx context.Context, address, verdict, reason string) (string, error) {
	page, err := b.Open(ctx, address)
	if err != nil {
		return "", err
	}
	form := hiddenFields(page)
	if form.Get("fingerprint") == "" {
		return "", fmt.Errorf("%s has no form to decide with", address)
	}
	form.Set("verdict", verdict)
	form.Set("reason", reason)
	return b.Send(ctx, strings.TrimPrefix(address, b.base)+"/reviews", form)
}

// hiddenFields are what a page's forms send along.
func hiddenFields(page string) url.Values {
	fields := url.Values{}
	for _, tag := range regexp.MustCompile(`<input[^>]*type="hidden"[^>]*>`).FindAllString(page, -1) {
		fields.Set(attribute(tag, "name"), attribute(tag, "value"))
	}
	return fields
}

func attribute(tag, name string) string {
	found := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}
