package service

import (
	"context"

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
