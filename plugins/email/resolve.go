package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

// Resolve turns a configured address, or a person's address in the core, into a mailbox. Nothing else leads anywhere:
// mails go to nobody whom neither the configuration nor the core named.
func (p *postman) Resolve(_ context.Context, r plugins.Recipient) ([]plugins.Destination, error) {
	text := r.Name
	if r.Person != nil {
		text = r.Person.Email
	}
	address, err := p.allowed(text)
	if err != nil {
		if text != "" {
			p.log.Debug("no mail goes to this recipient", "recipient", ruler.OneLine(text, maxAddress), "err", err)
		}
		return nil, nil //nolint:nilerr // whoever cannot be reached has no destination
	}
	return []plugins.Destination{{ID: address, Name: address}}, nil
}

var errForeign = errors.New("its domain is not among only_domains")

// allowed returns the address in its one spelling, if mails may go there.
func (p *postman) allowed(text string) (string, error) {
	address, err := parseAddress(text)
	if err != nil {
		return "", err
	}
	domains := p.config.OnlyDomains
	if len(domains) > 0 && !slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(d, domainOf(address)) }) {
		return "", errForeign
	}
	return address, nil
}

// checkRecipients sorts the configured recipients into addresses and faults.
func (p *postman) checkRecipients(recipients []string) (findings []plugins.Finding, addresses []string) {
	for _, recipient := range recipients {
		address, err := p.allowed(recipient)
		switch {
		case errors.Is(err, errForeign):
			findings = append(findings, plugins.Finding{
				What: fmt.Sprintf("The recipient %q is outside the domains of only_domains.", ruler.OneLine(recipient, maxAddress)),
				Fix:  "Correct the address in role_to_recipients, or add its domain to only_domains.",
			})
		case err != nil:
			findings = append(findings, plugins.Finding{
				What: fmt.Sprintf("The recipient %q is not a mail address.", ruler.OneLine(recipient, maxAddress)),
				Fix:  "Give an address such as dba-team@example.com in role_to_recipients; non-ASCII domains in their xn-- form.",
			})
		default:
			addresses = append(addresses, address)
		}
	}
	return findings, addresses
}
