package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const probeTimeout = 3 * time.Second

// Probe asks a health endpoint of this machine and returns nil when it answers 200 within three seconds, else an
// error that holds the answer. It is what a `healthcheck` command in a container without a shell runs, and therefore
// refuses addresses that are not loopback.
func Probe(ctx context.Context, address string) error {
	target, err := url.Parse(address)
	if err != nil || target.Scheme != "http" || !isLoopback(target.Hostname()) {
		return errors.New("the health check needs an http:// address on this machine, such as http://127.0.0.1:4180/readyz")
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("asking for health: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: refuseRedirect}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("asking for health: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if err != nil {
		return fmt.Errorf("reading the health: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not healthy: %s: %s", response.Status, strings.TrimSpace(string(body)))
	}
	return nil
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
