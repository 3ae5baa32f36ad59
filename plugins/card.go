package plugins

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// Audience says for whom a card is drawn.
type Audience string

// The audiences.
const (
	// ForReviewers: a channel or a reviewer; the card carries buttons while the request is pending.
	ForReviewers Audience = "reviewers"
	// ForRequester: the person who asked; the card never carries buttons.
	ForRequester Audience = "requester"
)

// Card is what people see of a request, in no vendor's terms. Every text in it that came from a person is untrusted: a
// plugin shows it quoted, never as markup, mention, link or button, and cuts it on character boundaries only.
type Card struct {
	RequestID   string
	Version     int64
	Fingerprint string
	Audience    Audience
	State       v1.State
	// Title says in a few words what is asked: "Ivan asks for dba".
	Title     string
	Requester v1.PersonRef
	Roles     []string
	Reason    string
	// Duration is how long the access would last or lasts.
	Duration time.Duration
	// Expires is when the pending request ends, AccessExpires when granted access ends; zero when it does not apply.
	Expires       time.Time
	AccessExpires time.Time
	// AccessRoles are the granted roles, none while nothing is granted.
	AccessRoles []string
	// AccessStarts is when access begins, if that is later than it is granted and has not happened yet.
	AccessStarts time.Time
	AccessEnded  bool
	Progress     []Progress
	Reviews      []v1.Review
	Resolution   *v1.Resolution
	// Notes are sentences that everybody who sees the request should read, oldest first: why being on call did not approve
	// it, or which rule did not work as it is written. They are quoted like any text.
	Notes []string
	// URL opens the request in the core; empty when the core has no public address.
	URL string
	// Actions are the buttons offered; none once the request is resolved.
	Actions []v1.Verdict
}

// Progress is how far one threshold is.
type Progress struct {
	Name string
	Have int
	Need int
}

// String writes progress as people read it: "managers 1 of 2".
func (p Progress) String() string {
	name := p.Name
	if name == "" {
		name = "approvals"
	}
	return fmt.Sprintf("%s %d of %d", name, p.Have, p.Need)
}

// NewCard draws the card of a request. Base is the core's public address, empty if it has none; buttons says whether
// this destination may decide in place.
func NewCard(request v1.Request, audience Audience, base string, buttons bool) Card {
	card := Card{
		RequestID: request.ID, Version: request.Version, Fingerprint: request.Fingerprint, Audience: audience,
		State: request.State, Title: title(request), Requester: request.Requester, Roles: request.Roles,
		Reason: request.Reason, Duration: grantLength(request), Expires: request.Expires,
		Progress: ProgressOf(request), Reviews: request.Reviews, Resolution: request.Resolution,
		Notes: request.Notes, URL: requestURL(base, request.ID), AccessStarts: startAhead(request),
	}
	if request.Access != nil {
		card.AccessRoles = request.Access.Roles
		card.AccessExpires = request.Access.Expires
		card.AccessEnded = request.Access.Ended != nil
	}
	if buttons && audience == ForReviewers && request.State == v1.StatePending {
		card.Actions = []v1.Verdict{v1.Approve, v1.Deny}
	}
	return card
}

// startAhead is the later start that was asked for while the request is pending, and then the one that was granted, until
// access begins.
func startAhead(request v1.Request) time.Time {
	access := request.Access
	switch {
	case request.State == v1.StatePending:
		return request.AssumeStart
	case access == nil, access.Started != nil, access.Ended != nil, request.Resolution == nil:
		return time.Time{}
	case access.Starts.After(request.Resolution.At):
		return access.Starts
	default:
		return time.Time{}
	}
}

// ProgressOf returns how far each threshold of the request is.
func ProgressOf(request v1.Request) []Progress {
	progress := make([]Progress, 0, len(request.Thresholds))
	for _, threshold := range request.Thresholds {
		progress = append(progress, Progress{Name: threshold.Name, Have: threshold.Approvals, Need: threshold.Approve})
	}
	return progress
}

// FingerprintShown groups a fingerprint so that people can compare it by eye.
func FingerprintShown(fingerprint string) string {
	var groups []string
	for len(fingerprint) > 4 {
		groups = append(groups, fingerprint[:4])
		fingerprint = fingerprint[4:]
	}
	return strings.Join(append(groups, fingerprint), "-")
}

func title(request v1.Request) string {
	return request.Requester.Shown() + " asks for " + strings.Join(request.Roles, ", ")
}

func grantLength(request v1.Request) time.Duration {
	if request.MaxDuration > 0 {
		return request.MaxDuration.Std()
	}
	return request.SessionTTL.Std()
}

func requestURL(base, id string) string {
	if base == "" {
		return ""
	}
	return strings.TrimSuffix(base, "/") + "/requests/" + id
}
