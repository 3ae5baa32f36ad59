package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// propertyKey names our property of issues and of comments.
	propertyKey = "accede"
	// requestLabel and deliveryLabel begin our labels; the request's id and the delivery's key follow.
	requestLabel  = "access-request-"
	deliveryLabel = "access-delivery-"
	// issueFields are what is read of an issue.
	issueFields = "status,labels,project,creator"
	// clockSkew is how far our clock may be ahead of Jira's or behind.
	clockSkew = 2 * time.Minute
)

// issue is what the plugin reads of one.
type issue struct {
	ID         string                     `json:"id"`
	Key        string                     `json:"key"`
	Fields     fields                     `json:"fields"`
	Properties map[string]json.RawMessage `json:"properties"`
	Changelog  *struct {
		Histories []history `json:"histories"`
	} `json:"changelog"`
}

type fields struct {
	Status  named    `json:"status"`
	Labels  []string `json:"labels"`
	Project named    `json:"project"`
	Creator account  `json:"creator"`
}

type named struct {
	ID   string `json:"id"`
	Key  string `json:"key,omitempty"`
	Name string `json:"name"`
}

// account is somebody at Jira. Cloud knows people by AccountID, Data Center by Key and Name.
type account struct {
	AccountID   string `json:"accountId"`
	AccountType string `json:"accountType"`
	Key         string `json:"key"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
	Active      *bool  `json:"active"`
}

// id is the account's immutable id.
func (a account) id() string {
	if a.AccountID != "" {
		return a.AccountID
	}
	return a.Key
}

// handle is by what a mention names the account.
func (a account) handle() string {
	if a.AccountID != "" {
		return a.AccountID
	}
	return a.Name
}

// mark is our property of an issue. Anybody who may edit the issue may change it, so that it finds things and proves
// nothing by itself.
type mark struct {
	// Request is the request's id, Key the delivery's.
	Request string `json:"request"`
	Key     string `json:"key"`
	// Version and Fingerprint are what the issue shows; Previous is the fingerprint that it showed before Since.
	Version     int64     `json:"version"`
	Fingerprint string    `json:"fingerprint"`
	Previous    string    `json:"previous,omitempty"`
	Since       time.Time `json:"since,omitzero"`
}

func markOf(c plugins.Card, key string) mark {
	return mark{Request: c.RequestID, Key: key, Version: c.Version, Fingerprint: c.Fingerprint}
}

// next is the mark once the issue shows a card.
func (m mark) next(c plugins.Card, now time.Time) mark {
	n := markOf(c, m.Key)
	n.Previous, n.Since = m.Previous, m.Since
	if m.Fingerprint != c.Fingerprint {
		n.Previous, n.Since = m.Fingerprint, now.UTC()
	}
	return n
}

// seen is the fingerprint that somebody had before them at a time. When in doubt it is the older one, which voids what
// they did.
func (m mark) seen(at time.Time) string {
	if m.Previous != "" && at.Before(m.Since.Add(clockSkew)) {
		return m.Previous
	}
	return m.Fingerprint
}

func (i issue) mark() mark {
	var m mark
	if json.Unmarshal(i.Properties[propertyKey], &m) != nil {
		return mark{}
	}
	return m
}

// about returns the request that both label and property name, empty if they do not agree.
func (i issue) about() string {
	id := i.mark().Request
	if id == "" || !slices.Contains(i.Fields.Labels, requestLabel+id) {
		return ""
	}
	return id
}

type property struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

var (
	issueID  = regexp.MustCompile(`^[0-9]{1,18}$`)
	labelled = regexp.MustCompile(`^[A-Za-z0-9._-]{1,200}$`)
)

func decodeRef(ref plugins.Ref) (string, error) {
	id, _, _ := strings.Cut(string(ref), "/")
	if !issueID.MatchString(id) {
		return "", &plugins.Error{
			Op: "reading reference", Kind: plugins.Gone, Public: "The ledger's reference to the issue is not one of Jira's.",
		}
	}
	return id, nil
}

func issuePath(version, id string) string {
	return "rest/api/" + version + "/issue/" + url.PathEscape(id)
}

// issue reads one by its id, which is always up to date; expand may be "changelog".
func (a *api) issue(ctx context.Context, op, id, expand string) (issue, error) {
	query := url.Values{"fields": {issueFields}, "properties": {propertyKey}}
	if expand != "" {
		query.Set("expand", expand)
	}
	var found issue
	err := a.ask(ctx, question{op: op, method: http.MethodGet, path: issuePath("2", id) + "?" + query.Encode()}, &found)
	if err == nil && found.ID != id {
		return issue{}, &plugins.Error{Op: op, Kind: plugins.Gone, Public: "Jira answered with another issue than it was asked for."}
	}
	return found, err
}
