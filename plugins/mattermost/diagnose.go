package mattermost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const whatRefused = "Mattermost cannot report clicks to callback_url (people see \"Action integration error\"): "

// Ways to mend it.
const (
	fixProxy = "Let POST requests to that path pass without signing in, at least those that come from the Mattermost server; " +
		"the plugin proves each click by itself."
	fixNobody = "Start the plugin and check again. If it runs: lead callback_url to the plugin's http.listen, and look at DNS, " +
		"firewall and reverse proxy."
	fixCertificate = "Give the address a certificate that the Mattermost server trusts, or add its authority's certificate to the " +
		"system that Mattermost runs on."
	fixTimeout = "Look at the firewall between the Mattermost server and callback_url, and at the server's outgoing proxy " +
		"(HTTPS_PROXY, NO_PROXY in its environment)."
)

// diagnose finds out why Mattermost's call did not get through. A server in developer mode says so itself; of any other,
// what can be seen from here has to do.
func (b *bot) diagnose(ctx context.Context, err error) plugins.Finding {
	if refused, ok := errors.AsType[*apiError](err); ok && refused.detail != "" {
		if f, known := b.detailed(refused.detail); known {
			return f
		}
	}
	seen := b.look(ctx)
	switch {
	case seen.nobody:
		return plugins.Finding{
			What: "A click could not be tried: nobody answers at callback_url, also not when asked from here.", Fix: fixNobody, Warning: true,
		}
	case seen.signIn:
		return plugins.Finding{What: whatRefused + "a proxy in front of it asks for a sign-in.", Fix: fixProxy}
	case !seen.ours:
		return plugins.Finding{
			What: fmt.Sprintf("%sthere, not this plugin answers (status %d).", whatRefused, seen.status),
			Fix:  "Lead " + b.config.callback("") + " to the plugin's /callback, the path unchanged.",
		}
	case b.isInternal(ctx):
		return b.forbidden(whatRefused + "the address is a private one, which Mattermost calls only when told to.")
	default:
		f := b.forbidden(whatRefused + "from here it works.")
		f.Fix = fixTimeout + " If the address is a private one there, or Mattermost's own: " + f.Fix
		return f
	}
}

// detailed reads what a server in developer mode says.
func (b *bot) detailed(text string) (plugins.Finding, bool) {
	text = strings.ToLower(text)
	switch {
	case strings.Contains(text, "address forbidden"):
		return b.forbidden(whatRefused + "the address is forbidden to it."), true
	case strings.Contains(text, "x509"), strings.Contains(text, "certificate"):
		return plugins.Finding{What: whatRefused + "it does not trust the address's certificate.", Fix: fixCertificate}, true
	case strings.Contains(text, "connection refused"), strings.Contains(text, "no such host"):
		return plugins.Finding{What: whatRefused + "nobody answers there.", Fix: fixNobody}, true
	case strings.Contains(text, "status=401"), strings.Contains(text, "status=403"), strings.Contains(text, "status=407"):
		return plugins.Finding{What: whatRefused + "a proxy in front of it asks for a sign-in.", Fix: fixProxy}, true
	case strings.Contains(text, "deadline exceeded"), strings.Contains(text, "timeout"):
		return plugins.Finding{What: whatRefused + "nobody answers there in time.", Fix: fixTimeout}, true
	default:
		return plugins.Finding{}, false
	}
}

// forbidden names the setting that lets Mattermost call private addresses.
func (b *bot) forbidden(what string) plugins.Finding {
	host := b.config.CallbackURL.String()
	if to, err := url.Parse(host); err == nil {
		host = to.Hostname()
	}
	return plugins.Finding{
		What: what,
		Fix: fmt.Sprintf("Add %s to System Console → Environment → Developer → Allow untrusted internal connections to "+
			"(ServiceSettings.AllowedUntrustedInternalConnections), separated from its other entries by a space. The server's log "+
			"then says \"address forbidden\" no longer.", host),
	}
}

// sight is what callback_url looks like from here.
type sight struct {
	nobody, signIn, ours bool
	status               int
}

func (b *bot) look(ctx context.Context) sight {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.artist.action, http.NoBody)
	if err != nil {
		return sight{nobody: true}
	}
	answer, err := b.http.Do(req)
	if err != nil {
		redirected := errors.Is(err, vendorhttp.ErrRedirect)
		return sight{nobody: !redirected, signIn: redirected}
	}
	defer answer.Body.Close()
	seen := sight{status: answer.StatusCode, ours: answer.Header.Get(headerDoor) == Name}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		seen.signIn = !seen.ours
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seen.nobody = !seen.ours
	}
	return seen
}

// isInternal says whether callback_url leads into a private network, as far as names resolve alike here and there.
func (b *bot) isInternal(ctx context.Context) bool {
	to, err := url.Parse(b.config.CallbackURL.String())
	if err != nil {
		return false
	}
	if address, err := netip.ParseAddr(to.Hostname()); err == nil {
		return isPrivate(address)
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", to.Hostname())
	if err != nil {
		return false
	}
	for _, address := range addresses {
		if isPrivate(address) {
			return true
		}
	}
	return false
}

func isPrivate(address netip.Addr) bool {
	address = address.Unmap()
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10) // RFC 6598
	return address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() || address.IsUnspecified() || shared.Contains(address)
}
