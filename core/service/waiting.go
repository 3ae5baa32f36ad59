package service

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
)

// Waiting lists the pending requests that wait for a decision of the actor, oldest first after the one with the given id.
func (s *Service) Waiting(ctx context.Context, actor core.Actor, after string, limit int) (page v1.RequestPage, err error) {
	if limit <= 0 || limit > maxPage {
		limit = defaultPage
	}
	err = s.Store.View(ctx, func(reader core.Reader) error {
		page = v1.RequestPage{Requests: []v1.Request{}}
		return s.eachWaiting(reader, actor.Person, after, func(request v1.Request) bool {
			if len(page.Requests) == limit {
				page.Next = page.Requests[limit-1].ID
				return false
			}
			page.Requests = append(page.Requests, request)
			return true
		})
	})
	return page, storeError(err)
}

// CountWaiting counts what [Service.Waiting] lists, and stops at the given number. It says, too, whether the actor is
// somebody for whom anything could ever wait.
func (s *Service) CountWaiting(ctx context.Context, actor core.Actor, most int) (count int, reviewer bool, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		roles, err := s.roles.at(reader)
		if err != nil {
			return err
		}
		count, reviewer = 0, roles.Reviews(policy.SubjectOf(actor.Person))
		return s.eachWaiting(reader, actor.Person, "", func(v1.Request) bool {
			count++
			return count < most
		})
	})
	return count, reviewer, storeError(err)
}

// eachWaiting passes what waits for a person to take, oldest first, until that says false.
func (s *Service) eachWaiting(reader core.Reader, person v1.Person, after string, take func(v1.Request) bool) error {
	roles, err := s.roles.at(reader)
	if err != nil {
		return err
	}
	who := policy.SubjectOf(person)
	if !roles.Reviews(who) {
		return nil
	}
	wanted := func(requested []string) bool { return roles.MightReview(who, requested) }
	now := s.Now()
	for {
		found, err := reader.Pending(after, defaultPage, wanted)
		if err != nil {
			return err
		}
		for _, request := range found {
			if core.Awaits(request, roles, person, now) && !take(request) {
				return nil
			}
		}
		if len(found) < defaultPage {
			return nil
		}
		after = found[len(found)-1].ID
	}
}

// maxGranted bounds how many of somebody's accesses are listed.
const maxGranted = 100

// Granted lists the actor's own requests, newest first, whose access runs or is about to.
func (s *Service) Granted(ctx context.Context, actor core.Actor) (granted []v1.Request, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		granted, err = reader.Granted(actor.Person.Name, maxGranted)
		return err
	})
	now := s.Now()
	var current []v1.Request
	for _, request := range granted {
		if request.Access != nil && now.Before(request.Access.Expires) {
			current = append(current, request)
		}
	}
	return current, storeError(err)
}
