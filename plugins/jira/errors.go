package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Sentences for operators.
const (
	sayPage    = "Jira answered with a web page, such as a login page; check url, and that single sign-on lets the API pass."
	sayBroken  = "Jira's answer broke off; the plugin tries again."
	sayLimited = "Jira wants fewer requests for a while; nothing to do."
	sayTrouble = "Jira is having trouble; the plugin tries again."
	sayCaptcha = "Jira wants a CAPTCHA from the plugin's account after failed logins; log in once in a browser, then correct token."
)

// unanswered describes a request that got no answer.
func unanswered(q question, err error) error {
	failure := &plugins.Error{Op: q.op, Kind: vendorhttp.ErrorKind(err, q.effect), Err: errors.New(vendorhttp.Redact(err.Error()))}
	switch {
	case errors.Is(err, vendorhttp.ErrRedirect):
		failure.Public = "url leads somewhere else; give the address that a browser shows in the end."
	case errors.Is(err, context.DeadlineExceeded):
		failure.Public = "Jira did not answer in time; the plugin tries again."
	case vendorhttp.ErrorKind(err, creates) == plugins.Transient:
		failure.Public = "Jira could not be reached; check url, network, DNS and proxy of the plugin."
	default:
		failure.Public = "The connection to Jira broke off; the plugin tries again."
	}
	return failure
}

// refused describes an answer that is not what was asked for.
func refused(q question, response *http.Response) error {
	err := vendorhttp.Failure(q.op, q.effect, response, nil)
	failure, ok := errors.AsType[*plugins.Error](err)
	if !ok {
		return err
	}
	said := readComplaint(response.Body).String()
	if said != "" {
		failure.Err = fmt.Errorf("%w: %s", failure.Err, said)
	}
	if response.StatusCode == http.StatusConflict {
		failure.Kind = plugins.Transient // somebody else is writing to the same issue
	}
	failure.Public = publicSentence(response, failure.Kind, said)
	return failure
}

func publicSentence(response *http.Response, kind plugins.Kind, said string) string {
	status := response.StatusCode
	switch {
	case strings.Contains(response.Header.Get("X-Authentication-Denied-Reason"), "CAPTCHA"):
		return sayCaptcha
	case kind == plugins.RateLimited:
		return sayLimited
	case status == http.StatusUnauthorized:
		return "Jira does not take the token; check token and email, whether the token has expired, and that url fits the kind " +
			"of token (tokens of service accounts and tokens with scopes go to https://api.atlassian.com/ex/jira/<cloud id>)."
	case kind == plugins.Auth:
		return "Jira does not let the plugin's account do this; give it the permissions that `accede-jira check` names." + quoteJira(said)
	case status >= http.StatusInternalServerError:
		return sayTrouble
	case status == http.StatusRequestEntityTooLarge:
		return "Jira's limit for this issue is reached, so nothing more can be added to it." + quoteJira(said)
	case status == http.StatusNotFound:
		return "Jira does not find it, or the plugin's account may not see it." + quoteJira(said)
	default:
		return fmt.Sprintf("Jira refuses this with status %d.", status) + quoteJira(said)
	}
}

func quoteJira(said string) string {
	if said == "" {
		return ""
	}
	return " Jira says: " + said
}

// maxSaid bounds what is passed on of Jira's own words.
const maxSaid = 300

// String joins what Jira complains about, field by field.
func (c complaint) String() string {
	parts := slices.Clone(c.Messages)
	for _, field := range sortedKeys(c.Errors) {
		parts = append(parts, field+": "+c.Errors[field])
	}
	return oneLine(vendorhttp.Redact(strings.Join(parts, "; ")), maxSaid)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// gone says that an issue that was there is there no more.
func gone(err error) error {
	typed, ok := errors.AsType[*plugins.Error](err)
	if !ok || typed.Kind != plugins.NotFound {
		return err
	}
	typed.Kind = plugins.Gone
	typed.Public = "The issue was deleted, or the plugin's account may not see it any more."
	return typed
}

func isKind(err error, kind plugins.Kind) bool { return err != nil && plugins.KindOf(err) == kind }
