package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/accede/accede/internal/httpx"
)

func TestForwarded(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, tt := range map[string]struct {
		remote string
		noted  []string
		want   string
	}{
		"no proxy":                  {"192.0.2.7:1234", nil, "192.0.2.7:1234"},
		"a stranger's claim":        {"192.0.2.7:1234", []string{"198.51.100.9"}, "192.0.2.7:1234"},
		"one proxy":                 {"10.0.0.1:1234", []string{"198.51.100.9"}, "198.51.100.9:0"},
		"a claim before the proxy":  {"10.0.0.1:1234", []string{"203.0.113.1, 198.51.100.9"}, "198.51.100.9:0"},
		"two proxies":               {"10.0.0.1:1234", []string{"198.51.100.9, 10.0.0.2"}, "198.51.100.9:0"},
		"two headers":               {"10.0.0.1:1234", []string{"198.51.100.9", "10.0.0.2"}, "198.51.100.9:0"},
		"nothing but proxies":       {"10.0.0.1:1234", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3:0"},
		"nothing noted":             {"10.0.0.1:1234", nil, "10.0.0.1:1234"},
		"nonsense":                  {"10.0.0.1:1234", []string{"198.51.100.9, unknown"}, "10.0.0.1:1234"},
		"nonsense behind a proxy":   {"10.0.0.1:1234", []string{"unknown, 10.0.0.2"}, "10.0.0.2:0"},
		"version 6":                 {"[fd00::1]:1234", []string{"2001:db8::9"}, "[2001:db8::9]:0"},
		"version 4 written as 6":    {"[::ffff:10.0.0.1]:1234", []string{"::ffff:198.51.100.9"}, "198.51.100.9:0"},
		"an address that is no one": {"@", []string{"198.51.100.9"}, "@"},
	} {
		var got string
		handler := httpx.Forwarded(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = tt.remote
		for _, line := range tt.noted {
			r.Header.Add("X-Forwarded-For", line)
		}
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if got != tt.want {
			t.Errorf("%s: from %q, want %q", name, got, tt.want)
		}
	}
}

func FuzzForwarded(f *testing.F) {
	f.Add("10.0.0.1:1", "198.51.100.9, 10.0.0.2")
	f.Fuzz(func(t *testing.T, remote, noted string) {
		trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		handler := httpx.Forwarded(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if _, err := netip.ParseAddrPort(r.RemoteAddr); err != nil && r.RemoteAddr != remote {
				t.Errorf("%q with %q became %q", remote, noted, r.RemoteAddr)
			}
		}))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = remote, []string{noted}
		handler.ServeHTTP(httptest.NewRecorder(), r)
	})
}
