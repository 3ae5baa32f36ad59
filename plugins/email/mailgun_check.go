package email

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// check asks for the domain, and whether the key may read events. It sends nothing.
func (m *mailgun) check(ctx context.Context, _ []string) []plugins.Finding {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	findings := m.checkSettings()
	answer, err := m.call(ctx, http.MethodGet, "/v4/domains/"+m.domain(), nil, "", vendorhttp.Repeatable)
	if err != nil {
		return append(findings, mailgunFinding("Mailgun cannot be used", err))
	}
	findings = append(findings, m.checkDomain(answer)...)
	if _, err := m.known(ctx, m.writer.messageID("check-of-the-configuration"), m.now()); err != nil {
		finding := mailgunFinding("Mailgun does not let the key read events", err)
		finding.Fix += " Without events, a mail whose sending was cut short waits and is not sent again."
		findings = append(findings, finding)
	}
	return findings
}

func (m *mailgun) checkSettings() []plugins.Finding {
	var findings []plugins.Finding
	if plainHTTP(m.config.Mailgun.APIURL.String()) {
		findings = append(findings, plainHTTPFinding("mailgun.api_url"))
	}
	from := m.writer.from.domain()
	if domain := m.domain(); !strings.EqualFold(from, domain) && !strings.HasSuffix(strings.ToLower(domain), "."+from) {
		findings = append(findings, plugins.Finding{
			What:    fmt.Sprintf("The mails are from %s, but Mailgun signs for %s, so receivers may take them for forged.", from, domain),
			Fix:     "Use an address of the Mailgun domain in from.",
			Warning: true,
		})
	}
	return findings
}

// checkDomain reads the domain's state: until its DNS records are verified, Mailgun sends nothing or very little.
func (m *mailgun) checkDomain(body []byte) []plugins.Finding {
	var page struct {
		Domain struct {
			State    string `json:"state"`
			Disabled bool   `json:"is_disabled"`
		} `json:"domain"`
	}
	if err := json.Unmarshal(body, &page); err != nil || page.Domain.State == "active" && !page.Domain.Disabled {
		return nil
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("Mailgun's domain %s is not active: its state is %q.", m.domain(), ruler.OneLine(page.Domain.State, maxName)),
		Fix:  "Open the domain in Mailgun's control panel, set the DNS records it lists, and press Verify.",
	}}
}

func mailgunFinding(what string, err error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + err.Error() + ".", Fix: "See the plugin's log."}
	if typed, ok := errors.AsType[*plugins.Error](err); ok && typed.Public != "" {
		f.Fix = typed.Public
	}
	return f
}

// plainHTTP says that an address would send credentials readable over a network.
func plainHTTP(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !loopback(u.Hostname())
}

func plainHTTPFinding(setting string) plugins.Finding {
	return plugins.Finding{
		What: fmt.Sprintf("The address in %s is plain http, so credentials travel readable.", setting),
		Fix:  "Use https; plain http is for a sandbox.", Warning: true,
	}
}
