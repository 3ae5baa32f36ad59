package jira

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"sync"

	"github.com/accede/accede/plugins"
)

var projectKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,30}$`)

// self knows the plugin's own account; Jira is asked once.
type self struct {
	api *api

	mu    sync.Mutex
	known account
}

func (s *self) get(ctx context.Context) (account, error) {
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	if known.id() != "" {
		return known, nil
	}
	var got account
	if err := s.api.ask(ctx, question{op: "asking who the plugin is", method: http.MethodGet, path: "rest/api/2/myself"}, &got); err != nil {
		return account{}, err
	}
	if got.id() == "" {
		return account{}, &plugins.Error{Op: "asking who the plugin is", Kind: plugins.Auth, Public: "Jira does not say whose the token is."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = got
	return got, nil
}

// names knows what people call the statuses in which they decide.
type names struct {
	api *api

	mu    sync.Mutex
	known *statusNames
}

// of returns the names, empty ones while Jira does not tell.
func (n *names) of(ctx context.Context, s Statuses) statusNames {
	n.mu.Lock()
	known := n.known
	n.mu.Unlock()
	if known != nil {
		return *known
	}
	got, err := n.ask(ctx, s)
	if err != nil {
		return statusNames{}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known = &got
	return got
}

func (n *names) ask(ctx context.Context, s Statuses) (statusNames, error) {
	approved, err := n.api.status(ctx, s.Approved)
	if err != nil {
		return statusNames{}, err
	}
	denied, err := n.api.status(ctx, s.Denied)
	return statusNames{approved: oneLine(approved.Name, maxName), denied: oneLine(denied.Name, maxName)}, err
}

func (a *api) status(ctx context.Context, id string) (named, error) {
	var got named
	err := a.ask(ctx, question{op: "looking up status", method: http.MethodGet, path: "rest/api/2/status/" + url.PathEscape(id)}, &got)
	return got, err
}

// isPerson says whether an account is a human being's. Cloud tells; on Data Center a robot has an account like anybody.
func (b *bot) isPerson(ctx context.Context, a account) (bool, error) {
	if !b.api.cloud {
		return true, nil
	}
	if a.AccountType == "" {
		var got account
		path := "rest/api/2/user?" + url.Values{"accountId": {a.AccountID}}.Encode()
		if err := b.api.ask(ctx, question{op: "looking up account", method: http.MethodGet, path: path}, &got); err != nil {
			return false, err
		}
		a.AccountType = got.AccountType
	}
	return a.AccountType == "atlassian", nil
}
