package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// audited is who did what, for the audit.
type audited struct {
	actor     string
	action    string
	requestID string
	// via is the door: cli, api, web, the name of a plugin, or empty for the core itself.
	via string
	// identity is the vendor account that spoke for the actor.
	identity *v1.Identity
	// detail is encoded as a JSON object; nil is allowed.
	detail any
}

// by is the audit entry of something the actor did.
func by(actor core.Actor, action string, detail any) audited {
	return audited{actor: actor.Person.Name, action: action, via: actor.Via, identity: actor.Identity, detail: detail}
}

// audit appends an entry in the transaction that does what it tells.
func audit(tx core.Tx, what audited, now time.Time) error {
	policy, err := tx.PolicyVersion()
	if err != nil {
		return fmt.Errorf("reading version of the roles: %w", err)
	}
	entry := core.AuditEntry{
		At: now, Actor: what.actor, Identity: what.identity, Action: what.action, RequestID: what.requestID, Via: what.via,
		Policy: policy, Detail: []byte("{}"),
	}
	if what.detail != nil {
		detail, err := json.Marshal(what.detail)
		if err != nil {
			return fmt.Errorf("encoding audit detail of %s: %w", what.action, err)
		}
		entry.Detail = detail
	}
	if err := tx.AppendAudit(entry); err != nil {
		return fmt.Errorf("auditing %s: %w", what.action, err)
	}
	return nil
}

// changeDetail is a record before and after a change; one that is made or deleted has only one of them.
type changeDetail struct {
	Before any `json:"before,omitempty"`
	After  any `json:"after,omitempty"`
	// PasswordChanged is all that is told of a password.
	PasswordChanged bool `json:"password_changed,omitempty"`
}

// aboutRequest is the audit entry of a change to a request; before is nil for a new one.
func aboutRequest(actor core.Actor, action string, before *v1.Request, request v1.Request) audited {
	entry := by(actor, action, nil)
	entry.requestID = request.ID
	detail := requestDetail{
		Version: request.Version, Fingerprint: request.Fingerprint, State: request.State, Roles: request.Roles,
		Requester: request.Requester.Name, Reason: request.Reason, Thresholds: request.Thresholds,
		Resolution: request.Resolution, Access: request.Access,
	}
	if before != nil {
		detail.Before = &requestBefore{Version: before.Version, State: before.State, Thresholds: before.Thresholds}
		if n := len(request.Reviews); n > len(before.Reviews) {
			detail.Review = &request.Reviews[n-1]
		}
	}
	entry.detail = detail
	return entry
}

type requestDetail struct {
	Before      *requestBefore `json:"before,omitempty"`
	Version     int64          `json:"version"`
	Fingerprint string         `json:"fingerprint"`
	State       v1.State       `json:"state"`
	Requester   string         `json:"requester"`
	Roles       []string       `json:"roles"`
	Reason      string         `json:"reason,omitempty"`
	Thresholds  []v1.Threshold `json:"thresholds,omitempty"`
	Review      *v1.Review     `json:"review,omitempty"`
	Resolution  *v1.Resolution `json:"resolution,omitempty"`
	Access      *v1.Access     `json:"access,omitempty"`
}

type requestBefore struct {
	Version    int64          `json:"version"`
	State      v1.State       `json:"state"`
	Thresholds []v1.Threshold `json:"thresholds,omitempty"`
}

// triedReview is a review that was refused.
type triedReview struct {
	Verdict         v1.Verdict `json:"verdict"`
	SeenVersion     int64      `json:"seen_version,omitempty"`
	SeenFingerprint string     `json:"seen_fingerprint,omitempty"`
}

// triedRoles are roles that somebody asked for in vain, so many of them as a request may name.
func triedRoles(roles []string) any {
	var names []string
	for _, role := range roles[:min(len(roles), v1.MaxRoles)] {
		names = append(names, cut(role))
	}
	return map[string][]string{"roles": names}
}

// refusedSuffix marks actions that were tried and refused.
const refusedSuffix = "_refused"

// refusalDetail says why something was refused.
type refusalDetail struct {
	Code    v1.Code `json:"code"`
	Message string  `json:"message"`
	// Tried is what was asked for.
	Tried any `json:"tried,omitempty"`
}

// refusing is the entry of something that was refused instead of done.
func (a audited) refusing(refusal *core.Error) audited {
	a.action += refusedSuffix
	a.requestID = cut(a.requestID)
	a.detail = refusalDetail{Code: refusal.Code, Message: cut(refusal.Message), Tried: a.detail}
	return a
}

// refused writes down what somebody tried in vain, after it has been undone, and returns the refusal. Answers that say
// nothing about the person, such as that the store is busy, are not written down.
func (s *Service) refused(ctx context.Context, what audited, err error) error {
	refusal, ok := errors.AsType[*core.Error](err)
	if !ok || refusal.Code == v1.CodeUnavailable || refusal.Code == v1.CodeInternal {
		return err
	}
	ctx = context.WithoutCancel(ctx) // hanging up does not keep it out of the audit
	failure := s.Store.Update(ctx, func(tx core.Tx) error { return audit(tx, what.refusing(refusal), s.Now()) })
	if failure != nil {
		s.Logger.ErrorContext(ctx, "auditing a refusal", slog.String("action", what.action), slog.Any("err", failure))
	}
	return err
}

// actionPattern is what a filter of actions may be: a name, in which * stands for any characters.
var actionPattern = regexp.MustCompile(`^[a-z_.*]{1,64}$`)

// Audit lists who did what, for administrators.
func (s *Service) Audit(ctx context.Context, actor core.Actor, filter core.AuditFilter) (page v1.AuditPage, err error) {
	if err := s.requireAdmin(ctx, actor, "audit.read"); err != nil {
		return v1.AuditPage{}, err
	}
	if filter.Action != "" && !actionPattern.MatchString(filter.Action) {
		return v1.AuditPage{}, core.Refuse(v1.CodeInvalid,
			"%.64q is not an action; write one such as request.review, or request.* for all that begin alike.", filter.Action)
	}
	if filter.Limit <= 0 || filter.Limit > maxPage {
		filter.Limit = defaultPage
	}
	wanted := filter.Limit
	filter.Limit++
	var entries []core.AuditEntry
	err = s.Store.View(ctx, func(reader core.Reader) error {
		entries, err = reader.Audit(filter)
		return err
	})
	if err != nil {
		return v1.AuditPage{}, storeError(err)
	}
	return auditPage(entries, wanted), nil
}

// auditPage shows so many of the entries.
func auditPage(entries []core.AuditEntry, wanted int) v1.AuditPage {
	page := v1.AuditPage{Entries: []v1.AuditEntry{}}
	for _, entry := range entries[:min(len(entries), wanted)] {
		page.Entries = append(page.Entries, v1.AuditEntry{
			Seq: entry.Seq, At: entry.At, Actor: entry.Actor, Identity: entry.Identity, Action: entry.Action,
			RequestID: entry.RequestID, Via: entry.Via, PolicyVersion: entry.Policy, Detail: entry.Detail,
		})
	}
	if len(entries) > wanted {
		page.Next = entries[wanted-1].Seq
	}
	return page
}
