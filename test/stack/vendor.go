package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/accede/accede/plugins/standin"
)

const (
	// pollEvery is how often Await looks.
	pollEvery = 25 * time.Millisecond
	// callWithin bounds one call of a stand-in.
	callWithin = 30 * time.Second
)

// Vendor drives any stand-in of the sandbox as its people would, and looks at what they would see.
type Vendor struct {
	// Base is the address of the stand-in.
	Base string
}

// Vendor returns the stand-in of a plugin's vendor.
func (s *Stack) Vendor(plugin string) Vendor { return Vendor{Base: s.SandboxURL + "/" + plugin} }

// Posts lists what people see that mentions a text, such as a request's id; everything if it is empty.
func (v Vendor) Posts(ctx context.Context, about string) ([]standin.Post, error) {
	var answer struct {
		Posts []standin.Post `json:"posts"`
	}
	err := send(ctx, http.MethodGet, v.Base+"/sandbox/posts?about="+url.QueryEscape(about), nil, &answer)
	return answer.Posts, err
}

// Do lets a person act.
func (v Vendor) Do(ctx context.Context, deed standin.Deed) (standin.Reaction, error) {
	var reaction standin.Reaction
	return reaction, send(ctx, http.MethodPost, v.Base+"/sandbox/do", deed, &reaction)
}

// Faults makes the stand-in misbehave; the keys are its switches.
func (v Vendor) Faults(ctx context.Context, faults map[string]any) error {
	return send(ctx, http.MethodPut, v.Base+"/sandbox/faults", faults, nil)
}

// Put sends JSON to a path of the stand-in's own, such as its on-call calendar.
func (v Vendor) Put(ctx context.Context, path string, body any) error {
	return send(ctx, http.MethodPut, v.Base+path, body, nil)
}

// Await waits until a post about a text satisfies a condition, and returns it. What was deleted does not count.
func (v Vendor) Await(ctx context.Context, about, what string, is func(standin.Post) bool) (standin.Post, error) {
	look := func() ([]standin.Post, error) { return v.Posts(ctx, about) }
	return await(ctx, what, look, func(p standin.Post) bool { return !p.Deleted && is(p) })
}

func await[Seen any](ctx context.Context, what string, look func() ([]Seen, error), is func(Seen) bool) (none Seen, err error) {
	for {
		all, err := look()
		for _, one := range all {
			if is(one) {
				return one, nil
			}
		}
		select {
		case <-ctx.Done():
			return none, errors.Join(fmt.Errorf("waiting for %s among %d messages: %w", what, len(all), ctx.Err()), err)
		case <-time.After(pollEvery):
		}
	}
}

func send(ctx context.Context, method, address string, ask, into any) error {
	var body io.Reader
	if ask != nil {
		encoded, err := json.Marshal(ask)
		if err != nil {
			return fmt.Errorf("encoding for %s: %w", address, err)
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: callWithin}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading answer of %s: %w", address, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s answers %s: %.300s", method, address, response.Status, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("parsing answer of %s: %w", address, err)
	}
	return nil
}
