package httpx

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Forwarded gives requests that come through trusted proxies the remote address of whoever sent them to the first of these
// proxies, as they note it in X-Forwarded-For. What anybody else writes into that header is ignored.
func Forwarded(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, ok := sender(trusted, r); ok {
			forwarded := *r
			forwarded.RemoteAddr = net.JoinHostPort(from.String(), "0")
			r = &forwarded
		}
		next.ServeHTTP(w, r)
	})
}

// sender reads the addresses that the proxies have noted, the nearest first, up to the first that is no proxy's.
func sender(trusted []netip.Prefix, r *http.Request) (from netip.Addr, ok bool) {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !within(trusted, remote.Addr()) {
		return netip.Addr{}, false
	}
	noted := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(noted) {
		address, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			return from, ok
		}
		if from, ok = address.Unmap(), true; !within(trusted, from) {
			return from, ok
		}
	}
	return from, ok
}

func within(trusted []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(address.Unmap()) })
}
