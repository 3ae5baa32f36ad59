package core

import (
	"time"

	v1 "github.com/accede/accede/api/v1"
)

const (
	// MaxStartAhead is how far ahead the start of an access may lie.
	MaxStartAhead = 7 * 24 * time.Hour
	// MaxUnused is how long a granted access that runs from its first use waits for it.
	MaxUnused = 7 * 24 * time.Hour
	// RemindBefore is how long before its end the holder of an access is reminded.
	RemindBefore = 10 * time.Minute
)

// checkStart refuses a start that is not ahead, or too far. The zero time asks for nothing.
func checkStart(start, now time.Time) error {
	switch {
	case start.IsZero():
		return nil
	case !start.After(now):
		return Refuse(v1.CodeInvalid, "The access cannot start at %s, which is past; leave the start out to begin at once.", shownTime(start))
	case start.Sub(now) > MaxStartAhead:
		return Refuse(v1.CodeInvalid, "The access cannot start at %s; a start may lie at most 7 days ahead.", shownTime(start))
	}
	return nil
}

// checkWindow refuses a start at which an access that runs from the request's creation would be over.
func checkWindow(request v1.Request) error {
	if request.AssumeStart.IsZero() || !fromCreation(request) {
		return nil
	}
	if end := request.Created.Add(request.Length().Std()); !request.AssumeStart.Before(end) {
		return Refuse(v1.CodeInvalid, "The access cannot start at %s: its time runs from the moment of asking and is over at %s.",
			shownTime(request.AssumeStart), shownTime(end))
	}
	return nil
}

func fromCreation(request v1.Request) bool {
	return request.AccessClock == "" || request.AccessClock == v1.ClockCreation
}

// adjust takes over a shorter access and a later start from an approval that counts: of several the smallest duration and
// the latest start win. Before says what was asked.
func adjust(next *v1.Request, before v1.Request, review v1.Review) error {
	if review.NoEffect() || review.Verdict != v1.Approve {
		return nil
	}
	if review.MaxDuration > 0 && review.MaxDuration < before.Length() {
		next.MaxDuration = review.MaxDuration
		next.SessionTTL = min(before.SessionTTL, review.MaxDuration)
	}
	if review.AssumeStart.After(before.AssumeStart) {
		next.AssumeStart = review.AssumeStart
	}
	if err := checkWindow(*next); err != nil {
		return err
	}
	return closeWait(next, review.Created)
}

// closeWait lets a request wait no longer than its access, which may have become shorter, could last.
func closeWait(next *v1.Request, now time.Time) error {
	if !fromCreation(*next) {
		return nil
	}
	end := next.Created.Add(next.Length().Std())
	if !end.After(now) {
		return Refuse(v1.CodeInvalid, "An access of %s would be over already: its time runs from the moment of asking, %s.",
			next.Length(), shownTime(next.Created))
	}
	if end.Before(next.Expires) {
		next.Expires = end
	}
	return nil
}

// grant opens the access window. Where its time runs from the creation of the request, waiting for reviews shortens it.
func grant(request *v1.Request, roles []string) {
	now, length := request.Updated, request.Length().Std()
	starts := now
	if request.AssumeStart.After(now) {
		starts = request.AssumeStart
	}
	access := &v1.Access{Roles: roles, Starts: starts}
	switch request.AccessClock {
	case v1.ClockApproval:
		access.Expires = starts.Add(length)
	case v1.ClockFirstUse:
		access.Expires = starts.Add(MaxUnused)
	default:
		access.Expires = request.Created.Add(length)
	}
	request.Access = access
	if !starts.After(now) && request.AccessClock != v1.ClockFirstUse {
		access.Started = &now
	}
}

// StartAccess begins an approved access whose start has come. It says false, and changes nothing, if it has not, or if
// the access waits for its first use.
func StartAccess(request v1.Request, now time.Time) (v1.Request, bool) {
	if !waiting(request) || request.AccessClock == v1.ClockFirstUse || now.Before(request.Access.Starts) {
		return request, false
	}
	return started(request, now), true
}

// UseAccess begins an access that runs from its first use, for its holder.
func UseAccess(request v1.Request, actor Actor, now time.Time) (v1.Request, error) {
	if actor.Person.Name != request.Requester.Name {
		return v1.Request{}, Refuse(v1.CodeForbidden, "Only %s can use this access.", request.Requester.Shown())
	}
	if !waiting(request) || request.AccessClock != v1.ClockFirstUse {
		return v1.Request{}, Refuse(v1.CodeConflict, "This access does not wait for its first use.").About(request)
	}
	switch {
	case now.Before(request.Access.Starts):
		return v1.Request{}, Refuse(v1.CodeConflict, "This access begins at %s.", shownTime(request.Access.Starts)).About(request)
	case !now.Before(request.Access.Expires):
		return v1.Request{}, Refuse(v1.CodeExpired, "This access was not used before %s; ask again.",
			shownTime(request.Access.Expires)).About(request)
	}
	next := started(request, now)
	next.Access.Starts, next.Access.Expires = now, now.Add(request.Length().Std())
	return next, nil
}

// waiting says whether an access is granted and has neither begun nor ended.
func waiting(request v1.Request) bool {
	return request.Access != nil && request.Access.Ended == nil && request.Access.Started == nil
}

func started(request v1.Request, now time.Time) v1.Request {
	next := changed(request, now)
	access := *request.Access
	access.Started = &now
	next.Access = &access
	return next
}

// RemindEnd marks that the holder of an access is told that it ends soon. It says false, and changes nothing, when it is
// too early, when it was done, and for an access that is no longer than the warning.
func RemindEnd(request v1.Request, now time.Time) (v1.Request, bool) {
	at := reminder(request)
	if at.IsZero() || now.Before(at) || !now.Before(request.Access.Expires) {
		return request, false
	}
	next := changed(request, now)
	access := *request.Access
	access.Reminded = &now
	next.Access = &access
	return next, true
}

// reminder is when the holder is to be reminded; the zero time if never or already.
func reminder(request v1.Request) time.Time {
	access := request.Access
	if access == nil || access.Started == nil || access.Ended != nil || access.Reminded != nil {
		return time.Time{}
	}
	at := access.Expires.Add(-RemindBefore)
	if !at.After(*access.Started) {
		return time.Time{}
	}
	return at
}

// EndAccess ends an approved access whose time is over. It says false, and changes nothing, if it is not.
func EndAccess(request v1.Request, now time.Time) (v1.Request, bool) {
	access := request.Access
	if access == nil || access.Ended != nil || now.Before(access.Expires) {
		return request, false
	}
	next := changed(request, now)
	ended := *access
	ended.Ended, ended.EndedBy = &now, EndedByExpiry
	if request.AccessClock == v1.ClockFirstUse && access.Started == nil {
		ended.EndReason = "It was never used."
	}
	next.Access = &ended
	return next, true
}

// Deadline is when time alone will change the request next; the zero time if it will not.
func Deadline(request v1.Request) time.Time {
	if request.State == v1.StatePending {
		return request.Expires
	}
	access := request.Access
	if access == nil || access.Ended != nil {
		return time.Time{}
	}
	if waiting(request) && request.AccessClock != v1.ClockFirstUse && access.Starts.Before(access.Expires) {
		return access.Starts
	}
	if at := reminder(request); !at.IsZero() {
		return at
	}
	return access.Expires
}

// Elapse makes the next change that time alone brings: a pending request expires; an access ends, begins, or is about to
// end. It returns the type of event to tell it by, and false if nothing is due.
func Elapse(request v1.Request, now time.Time) (next v1.Request, event string, changed bool) {
	for _, step := range []struct {
		event string
		move  func(v1.Request, time.Time) (v1.Request, bool)
	}{
		{v1.EventResolved, Expire},
		{v1.EventAccessEnded, EndAccess},
		{v1.EventAccessStarted, StartAccess},
		{v1.EventAccessEnding, RemindEnd},
	} {
		if next, changed := step.move(request, now); changed {
			return next, step.event, true
		}
	}
	return request, "", false
}
