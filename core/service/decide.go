package service

import (
	"errors"
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Decide turns a verified click into a review by the person who owns the clicking account. Refusals come back as
// results, for the person; an error means that nothing could be decided and the click has to be tried again.
func (s *Service) Decide(tx core.Tx, decision v1.Decision, now time.Time) (v1.DecisionResult, error) {
	actor, err := s.clicker(tx, decision.Identity)
	if errors.Is(err, core.ErrNotFound) {
		return s.offerLink(tx, decision, now)
	}
	if err != nil {
		return v1.DecisionResult{}, err
	}
	next, err := s.decide(tx, actor, decision)
	if refusal, ok := errors.AsType[*core.Error](err); ok {
		entry := by(actor, "request.review", triedReview{decision.Verdict, decision.SeenVersion, cut(decision.SeenFingerprint)})
		entry.requestID = decision.RequestID
		result := v1.DecisionResult{Code: refusal.Code, Message: refusal.Message}
		if refusal.Request != nil {
			shown := outward(*refusal.Request)
			result.Request = &shown
		}
		return result, audit(tx, entry.refusing(refusal), now)
	}
	if err != nil {
		return v1.DecisionResult{}, err
	}
	shown := outward(next)
	return v1.DecisionResult{Code: v1.CodeCounted, Message: countedSentence(next, decision.Verdict), Request: &shown}, nil
}

func (s *Service) clicker(reader core.Reader, identity v1.Identity) (core.Actor, error) {
	link, err := reader.Link(identity)
	if err != nil {
		return core.Actor{}, err
	}
	person, err := reader.Person(link.Person)
	if err != nil {
		return core.Actor{}, err
	}
	return core.Actor{Person: person.Person, Via: identity.Plugin, Identity: &identity}, nil
}

func (s *Service) decide(tx core.Tx, actor core.Actor, decision v1.Decision) (v1.Request, error) {
	request, err := tx.Request(decision.RequestID)
	if err != nil {
		return v1.Request{}, missing(err, "request", decision.RequestID)
	}
	if decision.SeenFingerprint == "" {
		return v1.Request{}, core.Refuse(v1.CodeRequestChanged,
			"This card does not say what it showed you; open the request and decide there.").About(request)
	}
	next, err := s.review(tx, request, actor, v1.ReviewInput{
		Verdict: decision.Verdict, Reason: decision.Reason,
		SeenVersion: decision.SeenVersion, SeenFingerprint: decision.SeenFingerprint,
		Annotations: decision.Annotations, MaxDuration: decision.MaxDuration,
	})
	if err != nil {
		return v1.Request{}, err
	}
	return next, s.save(tx, actor, "request.review", request, next)
}

// countedSentence tells a reviewer what their review brought about.
func countedSentence(request v1.Request, verdict v1.Verdict) string {
	who, what := request.Requester.Shown(), strings.Join(request.Roles, ", ")
	switch {
	case len(request.Reviews) > 0 && request.Reviews[len(request.Reviews)-1].NoEffect():
		return "Your review is recorded, but it matches none of the request's thresholds and has no effect; " + missingSentence(request)
	case request.State == v1.StateApproved && request.Access.Started == nil:
		return fmt.Sprintf("Approved: %s has %s from %s.", who, what, startText(request))
	case request.State == v1.StateApproved:
		return fmt.Sprintf("Approved: %s has %s until %s.", who, what, request.Access.Expires.UTC().Format("2006-01-02 15:04 UTC"))
	case request.State == v1.StateDenied:
		return fmt.Sprintf("Denied: %s does not get %s.", who, what)
	case verdict == v1.Deny:
		return "Your denial is recorded; " + missingSentence(request)
	default:
		return "Your approval is recorded; " + missingSentence(request)
	}
}

// startText says from when an access that has not begun runs.
func startText(request v1.Request) string {
	at := request.Access.Starts.UTC().Format("2006-01-02 15:04 UTC")
	if request.AccessClock == v1.ClockFirstUse {
		return "the first use after " + at + " on"
	}
	return at + " on"
}

func missingSentence(request v1.Request) string {
	var open []string
	for _, threshold := range request.Thresholds {
		name := threshold.Name
		if name == "" {
			name = "approvals"
		}
		open = append(open, fmt.Sprintf("%s %d of %d", name, threshold.Approvals, threshold.Approve))
	}
	return "the request stands at " + strings.Join(open, ", ") + "."
}
