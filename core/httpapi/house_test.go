package httpapi_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/service"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/store/sqlite"
	"github.com/accede/accede/internal/clock"
)

const (
	// nobody has no token, and leaver one of an account that is disabled.
	nobody      = "nobody"
	leaver      = "leaver"
	verifier    = "a-secret-of-the-program"
	ownPassword = "owner-password"
	// ownReason and ownTitle are in what only those read who may see the owner's requests, or tokens.
	ownReason = "reason-of-the-owner"
	ownTitle  = "token-of-the-owner"
)

// house is the API in front of a real service on a real store.
type house struct {
	*server
	*service.Service
	clock  *clock.Fake
	logins *signin.Logins
	admin  core.Actor
}

// doorman lets every plugin in.
type doorman struct{}

func (doorman) AddPlugin(context.Context, string, string) error { return nil }

func (doorman) RemovePlugin(context.Context, string) error { return nil }

func (doorman) Pending(context.Context, string) (int64, error) { return 0, nil }

func furnish(t *testing.T) *house {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	now := clock.NewFake(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	rules := service.Options{
		Store: store, Now: now.Now, Logger: slog.New(slog.DiscardHandler), Gate: doorman{}, Wake: func() {}, SessionTTL: time.Hour,
		Replicas: func(string) []v1.Replica { return nil },
	}
	root := core.Actor{Person: v1.Person{Name: "root", Admin: true}, Via: v1.ViaCLI}
	h := &house{clock: now, logins: signin.NewLogins(now.Now), admin: root}
	if h.Service, err = service.New(rules); err != nil {
		t.Fatal(err)
	}
	h.server = serveWith(t, httpapi.Options{Service: h.Service, Logins: h.logins, Now: now.Now})
	return h
}

// peopled is a house with the presets, somebody for each, and what the tries change.
func peopled(t *testing.T) *house {
	t.Helper()
	h := furnish(t)
	documents, err := service.Presets()
	h.must(err)
	const roles = "kind: role\nversion: v1\nmetadata: {name: dba}\n---\nkind: role\nversion: v1\nmetadata: {name: spare}\n---\n" +
		"kind: role\nversion: v1\nmetadata: {name: customer}\nspec: {allow: {request: {roles: [dba], access_clock: first_use}}}\n"
	documents = append(documents, v1.ApplyDocument{Name: "roles", YAML: roles})
	for name, spec := range map[string]string{
		"requester": "roles: [requester]", "reviewer": "roles: [reviewer]", "plugin": "roles: [plugin], kind: service",
		"auditor": "roles: [auditor]", "admin": "roles: [admin]", "root": "admin: true", "owner": "roles: [customer]",
		leaver: "roles: [admin], admin: true, disabled: true",
	} {
		yaml := "kind: user\nversion: v1\nmetadata: {name: " + name + "}\nspec: {" + spec + "}\n"
		documents = append(documents, v1.ApplyDocument{Name: name, YAML: yaml})
	}
	_, err = h.Apply(t.Context(), h.admin, v1.ApplyInput{Documents: documents})
	h.must(err)
	password := ownPassword
	_, err = h.SavePerson(t.Context(), h.admin, "owner", v1.PersonInput{Password: &password})
	h.must(err)
	for _, plugin := range []string{"slack", "jira"} {
		_, err = h.AddPlugin(t.Context(), h.admin, v1.PluginInput{Name: plugin})
		h.must(err)
	}
	h.must(h.Store.Update(t.Context(), func(tx core.Tx) error {
		return tx.SaveDelivery(v1.Delivery{
			ID: "parked", Plugin: "slack", State: v1.DeliveryParked, DeliveryKey: v1.DeliveryKey{Destination: "C0"},
		})
	}))
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// filled is a text with something new of the owner's wherever it has a blank for that; {self} is whoever it is for.
func (h *house) filled(text, self string) string {
	h.t.Helper()
	for blank, fill := range map[string]func() string{
		"{self}":     func() string { return self },
		"{request}":  func() string { return h.another().ID },
		"{approved}": h.approved,
		"{token}":    func() string { return h.token("owner").ID },
		"{session}":  h.session,
		"{link}":     h.link,
		"{code}":     h.code,
		"{login}":    h.login,
	} {
		if strings.Contains(text, blank) {
			text = strings.ReplaceAll(text, blank, fill())
		}
	}
	return text
}

// requested is a request that the owner just made.
func (h *house) requested(reason string, reviewers ...string) v1.Request {
	h.t.Helper()
	owner, err := h.Person(h.t.Context(), h.admin, "owner")
	h.must(err)
	input := v1.RequestInput{Roles: []string{"dba"}, Reason: reason, SuggestedReviewers: reviewers}
	request, _, err := h.Create(h.t.Context(), core.Actor{Person: owner, Via: v1.ViaCLI}, input)
	h.must(err)
	return request
}

// another is a request that is like no other, because of the time in its reason.
func (h *house) another() v1.Request {
	h.t.Helper()
	return h.requested(ownReason + " at " + h.clock.Now().String())
}

// approved is a request whose access waits for its first use.
func (h *house) approved() string {
	h.t.Helper()
	request := h.another()
	_, err := h.Override(h.t.Context(), h.admin, request.ID, v1.OverrideInput{Verdict: v1.Approve, Reason: "tried"})
	h.must(err)
	return request.ID
}

func (h *house) token(person string) v1.SecretToken {
	h.t.Helper()
	token, err := h.CreateToken(h.t.Context(), h.admin, v1.TokenInput{Person: person, Title: "token-of-the-" + person})
	h.must(err)
	return token
}

func (h *house) bearer(person string) map[string]string {
	h.t.Helper()
	if person == nobody {
		return nil
	}
	return map[string]string{"Authorization": "Bearer " + h.token(person).Secret}
}

func (h *house) session() string {
	h.t.Helper()
	session, err := h.SignInProgram(h.t.Context(), "owner", "laptop")
	h.must(err)
	return session.ID
}

func (h *house) link() string {
	h.t.Helper()
	identity := v1.Identity{Plugin: "slack", Tenant: "T0", User: "U0OWNER"}
	_, err := h.AddLink(h.t.Context(), h.admin, v1.Link{Identity: identity, Person: "owner"})
	h.must(err)
	return identity.User
}

// code is what an account gets that belongs to nobody yet and has clicked.
func (h *house) code() (code string) {
	h.t.Helper()
	request := h.requested("clicked")
	click := v1.Decision{
		Identity: v1.Identity{Plugin: "slack", Tenant: "T0", User: "U0" + h.clock.Now().Format("150405")}, RequestID: request.ID,
		Verdict: v1.Approve, SeenVersion: request.Version, SeenFingerprint: request.Fingerprint,
	}
	h.must(h.Store.Update(h.t.Context(), func(tx core.Tx) error {
		result, err := h.Decide(tx, click, h.clock.Now())
		code = result.LinkCode
		return err
	}))
	return code
}

// login is the code of a program's sign-in that nobody has agreed to.
func (h *house) login() string {
	h.t.Helper()
	code, _, err := h.logins.Ask(signin.Login{Challenge: v1.LoginChallenge(verifier)})
	h.must(err)
	return code
}

func (h *house) entries() []v1.AuditEntry {
	h.t.Helper()
	page, err := h.Audit(h.t.Context(), h.admin, core.AuditFilter{})
	h.must(err)
	return page.Entries
}
