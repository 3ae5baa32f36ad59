package service

import (
	"context"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Explain says how a request stands, why, and who may review it; or, if somebody is named, whether they may.
func (s *Service) Explain(ctx context.Context, actor core.Actor, id, person string) (explanation v1.Explanation, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		request, err := s.visible(reader, actor, id)
		if err != nil {
			return err
		}
		roles, err := s.roles.at(reader)
		if err != nil {
			return err
		}
		people, err := everybodyOr(reader, person)
		if err != nil {
			return err
		}
		explanation = core.Explain(request, roles, people, s.Now())
		return nil
	})
	if err != nil {
		return v1.Explanation{}, storeError(err)
	}
	if person == "" {
		explanation.People = whoMay(explanation.People)
	}
	return explanation, nil
}

// Preview says what a request would become and who could decide it, without making it. A reason may be missing.
func (s *Service) Preview(ctx context.Context, actor core.Actor, input v1.RequestInput) (request v1.Request, explanation v1.Explanation, err error) {
	if err := checkInput(input); err != nil {
		return v1.Request{}, v1.Explanation{}, err
	}
	input.DryRun = true
	err = s.Store.View(ctx, func(reader core.Reader) error {
		now := s.Now()
		if request, err = s.draftWithoutReason(reader, actor, input, now); err != nil {
			return err
		}
		roles, err := s.roles.at(reader)
		if err != nil {
			return err
		}
		people, err := reader.People()
		if err != nil {
			return err
		}
		explanation = core.Explain(request, roles, people, now)
		return nil
	})
	if err != nil {
		return v1.Request{}, v1.Explanation{}, storeError(err)
	}
	explanation.People = whoMay(explanation.People)
	return request, explanation, nil
}

// draftWithoutReason says what a request would be once its reason is there.
func (s *Service) draftWithoutReason(reader core.Reader, actor core.Actor, input v1.RequestInput, now time.Time) (v1.Request, error) {
	request, err := s.draft(reader, "", actor, input, now)
	if core.CodeOf(err) != v1.CodeReasonRequired {
		return request, err
	}
	input.Reason = "-"
	request, err = s.draft(reader, "", actor, input, now)
	request.Reason = ""
	return request, err
}

// everybodyOr is the one person who is named, or everybody if none is.
func everybodyOr(reader core.Reader, name string) ([]v1.Person, error) {
	if name == "" {
		return reader.People()
	}
	person, err := reader.Person(name)
	if err != nil {
		return nil, missing(err, "person", name)
	}
	return []v1.Person{person.Person}, nil
}

// whoMay leaves out those who may not review.
func whoMay(people []v1.PersonRuling) []v1.PersonRuling {
	may := []v1.PersonRuling{}
	for _, ruling := range people {
		if ruling.May {
			may = append(may, ruling)
		}
	}
	return may
}

// WhoCanApprove says who could approve a request for roles and what it would take. It is asked for oneself or, by
// administrators, for anybody.
func (s *Service) WhoCanApprove(ctx context.Context, actor core.Actor, roles []string, person string) (explanation v1.Explanation, err error) {
	if err := s.selfOrAdmin(ctx, actor, person, "policy.approvers"); err != nil {
		return v1.Explanation{}, err
	}
	err = s.Store.View(ctx, func(reader core.Reader) error {
		explanation, err = s.whoCanApprove(reader, roles, person)
		return err
	})
	if err != nil {
		return v1.Explanation{}, storeError(err)
	}
	explanation.People = whoMay(explanation.People)
	return explanation, nil
}

func (s *Service) whoCanApprove(reader core.Reader, names []string, person string) (v1.Explanation, error) {
	requester, err := reader.Person(person)
	if err != nil {
		return v1.Explanation{}, missing(err, "person", person)
	}
	roles, err := s.roles.at(reader)
	if err != nil {
		return v1.Explanation{}, err
	}
	people, err := reader.People()
	if err != nil {
		return v1.Explanation{}, err
	}
	ask := core.Ask{Requester: requester.Person, Input: v1.RequestInput{Roles: names}, Now: s.Now()}
	return core.WhoCanApprove(ask, roles, people)
}

// Capabilities says what the actor may ask for and what it takes.
func (s *Service) Capabilities(ctx context.Context, actor core.Actor) (can v1.Capabilities, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		roles, err := s.roles.at(reader)
		if err != nil {
			return err
		}
		can = core.Capabilities(actor.Person, roles, actor.Token.Expires, s.Now())
		return nil
	})
	return can, storeError(err)
}
