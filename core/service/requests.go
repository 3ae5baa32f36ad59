package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
)

// Create asks for access. If the person has the same request pending already, that one is returned and created is false.
// A dry run returns what would be made, and created is false, too.
func (s *Service) Create(ctx context.Context, actor core.Actor, input v1.RequestInput) (request v1.Request, created bool, err error) {
	if err := checkInput(input); err != nil {
		return v1.Request{}, false, err
	}
	id, err := newID()
	if err != nil {
		return v1.Request{}, false, err
	}
	err = s.update(ctx, func(tx core.Tx) error {
		request, created, err = s.create(tx, id, actor, input)
		return err
	})
	if err != nil {
		err = s.refused(ctx, by(actor, "request.create", triedRoles(input.Roles)), err)
	}
	return request, created, err
}

func checkInput(input v1.RequestInput) error {
	if len(input.SuggestedReviewers) > v1.MaxRoles {
		return core.Refuse(v1.CodeInvalid, "At most %d reviewers can be suggested.", v1.MaxRoles)
	}
	return nil
}

// draft says what a request would be.
func (s *Service) draft(reader core.Reader, id string, actor core.Actor, input v1.RequestInput, now time.Time) (v1.Request, error) {
	roles, err := s.roles.at(reader)
	if err != nil {
		return v1.Request{}, err
	}
	suggested, err := people(reader, input.SuggestedReviewers)
	if err != nil {
		return v1.Request{}, err
	}
	ask := core.Ask{
		ID: id, Requester: actor.Person, Input: input, SuggestedReviewers: suggested, SignedInUntil: actor.Token.Expires, Now: now,
	}
	request, defaults, err := core.NewRequest(ask, roles)
	if err != nil {
		return v1.Request{}, err
	}
	request.SuggestedReviewers = append(request.SuggestedReviewers, knownPeople(reader, defaults)...)
	return request, nil
}

func (s *Service) create(tx core.Tx, id string, actor core.Actor, input v1.RequestInput) (v1.Request, bool, error) {
	now := s.Now()
	request, err := s.draft(tx, id, actor, input, now)
	if err != nil || request.DryRun {
		return request, false, err
	}
	same, err := tx.PendingLike(request.Requester.Name, core.AskOf(request))
	if err == nil && now.Before(same.Expires) {
		return same, false, nil
	}
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return v1.Request{}, false, err
	}
	if err := tx.InsertRequest(request, core.AskOf(request)); err != nil {
		return v1.Request{}, false, err
	}
	if err := emit(tx, v1.EventCreated, request, now); err != nil {
		return v1.Request{}, false, err
	}
	s.logNotes(v1.Request{}, request)
	return request, true, audit(tx, aboutRequest(actor, "request.create", nil, request), now)
}

// people finds everybody who was named and refuses names that nobody has.
func people(reader core.Reader, names []string) ([]v1.PersonRef, error) {
	refs := make([]v1.PersonRef, 0, len(names))
	for _, name := range names {
		person, err := reader.Person(name)
		if errors.Is(err, core.ErrNotFound) {
			return nil, core.Refuse(v1.CodeNotFound,
				"There is no person %q to review this. Check the spelling, or leave the reviewers out.", name)
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains(refs, person.Ref()) {
			refs = append(refs, person.Ref())
		}
	}
	return refs, nil
}

// knownPeople finds those of a role's suggested reviewers that exist; a role may name people who left.
func knownPeople(reader core.Reader, names []string) []v1.PersonRef {
	var refs []v1.PersonRef
	for _, name := range names {
		if person, err := reader.Person(name); err == nil && !person.Disabled {
			refs = append(refs, person.Ref())
		}
	}
	return refs
}

// Request returns a request that the actor may see.
func (s *Service) Request(ctx context.Context, actor core.Actor, id string) (request v1.Request, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		request, err = s.visible(reader, actor, id)
		return err
	})
	return request, storeError(err)
}

// visible returns a request if the actor may see it; to others it does not exist.
func (s *Service) visible(reader core.Reader, actor core.Actor, id string) (v1.Request, error) {
	if _, err := uuid.Parse(id); err != nil {
		return v1.Request{}, core.Refuse(v1.CodeInvalid, "%.64q is not a request's id; `accede request list` shows them.", id)
	}
	request, err := reader.Request(id)
	if err != nil {
		return v1.Request{}, missing(err, "request", id)
	}
	roles, err := s.roles.at(reader)
	if err != nil {
		return v1.Request{}, err
	}
	if !core.MaySee(actor.Person, request, roles) {
		return v1.Request{}, core.Refuse(v1.CodeNotFound, "There is no request %q.", id)
	}
	return request, nil
}

const (
	defaultPage = 50
	maxPage     = 500
)

// Requests lists the newest requests that the actor may see.
func (s *Service) Requests(ctx context.Context, actor core.Actor, filter core.RequestFilter) (v1.RequestPage, error) {
	return s.list(ctx, actor, filter, math.MaxInt)
}

// lookedAt bounds how many requests Browse reads for one page.
const lookedAt = 2000

// Browse lists the newest requests that the actor may see, as [Service.Requests] does. It gives up looking when it has read
// many that the actor may not see; the page is then not full, but tells where to look on.
func (s *Service) Browse(ctx context.Context, actor core.Actor, filter core.RequestFilter) (v1.RequestPage, error) {
	return s.list(ctx, actor, filter, lookedAt)
}

func (s *Service) list(ctx context.Context, actor core.Actor, filter core.RequestFilter, most int) (page v1.RequestPage, err error) {
	if filter.Limit <= 0 || filter.Limit > maxPage {
		filter.Limit = defaultPage
	}
	err = s.Store.View(ctx, func(reader core.Reader) error {
		roles, err := s.roles.at(reader)
		if err != nil {
			return err
		}
		if err := byName(reader, &filter.Requester, &filter.Reviewer); err != nil {
			return err
		}
		page, err = listVisible(reader, actor.Person, filter, roles, most)
		return err
	})
	return page, storeError(err)
}

// byName replaces e-mail addresses by the names of those who have them.
func byName(reader core.Reader, people ...*string) error {
	for _, name := range people {
		if *name == "" {
			continue
		}
		person, err := reader.Person(*name)
		if err == nil {
			*name = person.Name
		} else if !errors.Is(err, core.ErrNotFound) {
			return err
		}
	}
	return nil
}

// narrowed leaves out what somebody who reviews nothing cannot see.
func narrowed(filter core.RequestFilter, person v1.Person, roles *policy.Set) core.RequestFilter {
	if person.Admin || filter.Requester == person.Name || filter.Reviewer == person.Name || roles.Reviews(policy.SubjectOf(person)) {
		return filter
	}
	filter.Involved = person.Name
	return filter
}

// listVisible reads on until a page is full, because not everything may be seen. It stops looking soon after most.
func listVisible(reader core.Reader, person v1.Person, filter core.RequestFilter, roles *policy.Set, most int) (v1.RequestPage, error) {
	page := v1.RequestPage{Requests: []v1.Request{}}
	filter = narrowed(filter, person, roles)
	wanted := filter.Limit
	filter.Limit = wanted + 1
	for looked := 0; ; {
		found, last, err := reader.Scan(filter, mightSee(person, roles))
		if err != nil {
			return v1.RequestPage{}, err
		}
		for _, request := range found {
			if !core.MaySee(person, request, roles) {
				continue
			}
			if len(page.Requests) == wanted {
				page.Next = page.Requests[wanted-1].ID
				return page, nil
			}
			page.Requests = append(page.Requests, request)
		}
		if last == "" {
			return page, nil
		}
		filter.Before = last
		if looked += filter.Limit; looked >= most {
			page.Next = last
			return page, nil
		}
		filter.Limit = min(2*filter.Limit, maxPage)
	}
}

// mightSee says no only where [core.MaySee] does.
func mightSee(person v1.Person, roles *policy.Set) func(core.Glance) bool {
	who := policy.SubjectOf(person)
	return func(glance core.Glance) bool {
		return person.Admin || glance.Requester == person.Name || slices.Contains(glance.Reviewers, person.Name) ||
			roles.MightReview(who, glance.Roles)
	}
}

// Review adds the actor's review.
func (s *Service) Review(ctx context.Context, actor core.Actor, id string, input v1.ReviewInput) (v1.Request, error) {
	tried := triedReview{input.Verdict, input.SeenVersion, cut(input.SeenFingerprint)}
	return s.transition(ctx, actor, id, "request.review", tried, func(tx core.Tx, request v1.Request) (v1.Request, error) {
		return s.review(tx, request, actor, input)
	})
}

// review is where every review passes, whichever door it came through.
func (s *Service) review(tx core.Tx, request v1.Request, actor core.Actor, input v1.ReviewInput) (v1.Request, error) {
	roles, err := s.roles.at(tx)
	if err != nil {
		return v1.Request{}, err
	}
	id, err := newID()
	if err != nil {
		return v1.Request{}, err
	}
	next, err := core.Review(request, core.Submission{ID: id, Author: actor, Input: input, Now: s.Now()}, roles)
	if err == nil {
		s.logNotes(request, next)
	}
	return next, err
}

// logNotes logs what did not work as the roles mean it, each once for a request.
func (s *Service) logNotes(before, next v1.Request) {
	for _, note := range next.Notes {
		if !slices.Contains(before.Notes, note) {
			s.Logger.Warn("a role did not work as it is written", slog.String("request_id", next.ID), slog.String("note", note))
		}
	}
}

// Withdraw takes the actor's own pending request back.
func (s *Service) Withdraw(ctx context.Context, actor core.Actor, id string, input v1.WithdrawInput) (v1.Request, error) {
	return s.transition(ctx, actor, id, "request.withdraw", nil, func(_ core.Tx, request v1.Request) (v1.Request, error) {
		return core.Withdraw(request, actor, input, s.Now())
	})
}

// Use begins the actor's own access, if it is one that runs from its first use.
func (s *Service) Use(ctx context.Context, actor core.Actor, id string) (v1.Request, error) {
	return s.transition(ctx, actor, id, "request.use", nil, func(_ core.Tx, request v1.Request) (v1.Request, error) {
		return core.UseAccess(request, actor, s.Now())
	})
}

// Override decides past thresholds and review rules, for administrators.
func (s *Service) Override(ctx context.Context, actor core.Actor, id string, input v1.OverrideInput) (v1.Request, error) {
	review, err := newID()
	if err != nil {
		return v1.Request{}, err
	}
	return s.transition(ctx, actor, id, "request.override", triedReview{Verdict: input.Verdict}, func(_ core.Tx, request v1.Request) (v1.Request, error) {
		return core.Override(request, core.Submission{ID: review, Author: actor, Now: s.Now()}, input)
	})
}

// transition changes one request that the actor may see. tried is what the audit says of it if it is refused.
func (s *Service) transition(ctx context.Context, actor core.Actor, id, action string, tried any,
	change func(core.Tx, v1.Request) (v1.Request, error),
) (next v1.Request, err error) {
	err = s.update(ctx, func(tx core.Tx) error {
		request, err := s.visible(tx, actor, id)
		if err != nil {
			return err
		}
		if next, err = change(tx, request); err != nil {
			return err
		}
		return s.save(tx, actor, action, request, next)
	})
	if err != nil {
		what := by(actor, action, tried)
		what.requestID = id
		return v1.Request{}, s.refused(ctx, what, err)
	}
	return next, nil
}

// save writes a changed request with its event and its audit entry.
func (s *Service) save(tx core.Tx, actor core.Actor, action string, before, request v1.Request) error {
	if err := tx.SaveRequest(request); err != nil {
		return fmt.Errorf("saving request %s: %w", request.ID, err)
	}
	if err := emit(tx, eventOf(before, request), request, request.Updated); err != nil {
		return err
	}
	return audit(tx, aboutRequest(actor, action, &before, request), request.Updated)
}

// eventOf is the type of event that tells of a person's change. After its resolution, a person can only begin the access.
func eventOf(before, after v1.Request) string {
	switch {
	case !after.State.Resolved():
		return v1.EventReviewed
	case !before.State.Resolved():
		return v1.EventResolved
	default:
		return v1.EventAccessStarted
	}
}

// Events lists what happened after the event with the given id, as far as the actor may see it, and the id of the last
// event it has looked at, seen or not; that id is empty when there was nothing to look at.
func (s *Service) Events(ctx context.Context, actor core.Actor, after, requestID string, limit int) (events []v1.Event, last string, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		roles, err := s.roles.at(reader)
		if err != nil {
			return err
		}
		entries, err := reader.Events(after, requestID, limit)
		if err != nil || len(entries) == 0 {
			return err
		}
		last = entries[len(entries)-1].ID
		events, err = keepVisible(entries, actor.Person, roles)
		return err
	})
	return events, last, storeError(err)
}

func keepVisible(entries []core.OutboxEntry, person v1.Person, roles *policy.Set) ([]v1.Event, error) {
	var events []v1.Event
	for _, entry := range entries {
		event, err := v1.ParseEvent(entry.Body)
		if err != nil {
			return nil, err
		}
		if event.Type == v1.EventAnswer || event.Type == v1.EventResync {
			continue
		}
		request, err := event.Request()
		if err != nil {
			return nil, err
		}
		if core.MaySee(person, request, roles) {
			events = append(events, event)
		}
	}
	return events, nil
}
