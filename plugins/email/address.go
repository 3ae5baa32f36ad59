package email

import (
	"errors"
	"net/mail"
	"regexp"
	"strings"
)

// Limits of addresses: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.
const (
	maxLocal   = 64
	maxDomain  = 253
	maxAddress = 254
)

var (
	localPart = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")
	label     = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
)

var errAddress = errors.New("not a mail address such as ivan@example.com")

// parseAddress takes one bare address, in the form that nearly all have: no quotes, no comments, no routes, ASCII only.
// It comes back in lower case, so that two spellings of one mailbox are one destination.
func parseAddress(text string) (string, error) {
	local, domain, ok := strings.Cut(strings.TrimSpace(text), "@")
	if !ok || len(local) > maxLocal || !localPart.MatchString(local) || !validDomain(domain) ||
		len(local)+1+len(domain) > maxAddress {
		return "", errAddress
	}
	return strings.ToLower(local + "@" + domain), nil
}

func validDomain(domain string) bool {
	if len(domain) > maxDomain {
		return false
	}
	for part := range strings.SplitSeq(domain, ".") {
		if !label.MatchString(part) {
			return false
		}
	}
	return true
}

// mailbox is an address with a name before it.
type mailbox struct{ name, address string }

// parseMailbox takes "Name <address>" or a bare address.
func parseMailbox(text string) (mailbox, error) {
	if strings.ContainsAny(text, "\r\n") {
		return mailbox{}, errAddress
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return mailbox{}, errAddress
	}
	address, err := parseAddress(parsed.Address)
	if err != nil {
		return mailbox{}, err
	}
	return mailbox{name: ruler.OneLine(parsed.Name, maxName), address: address}, nil
}

func (m mailbox) domain() string { return domainOf(m.address) }

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
