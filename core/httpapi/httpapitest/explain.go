package httpapitest

import (
	"context"
	"maps"
	"slices"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Explain explains by the real rules.
func (c *Core) Explain(_ context.Context, actor core.Actor, id, person string) (v1.Explanation, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.Explanation{}, err
	}
	at, err := c.index(actor, id)
	if err != nil {
		return v1.Explanation{}, err
	}
	people, ok := c.one(person)
	if !ok {
		return v1.Explanation{}, missing("person", person)
	}
	roles, err := c.set()
	if err != nil {
		return v1.Explanation{}, err
	}
	return core.Explain(c.requests[at], roles, people, c.Now().UTC()), nil
}

// one is somebody, or everybody if no name is given.
func (c *Core) one(name string) ([]v1.Person, bool) {
	if person, ok := c.people[name]; ok || name != "" {
		return []v1.Person{person}, ok
	}
	var people []v1.Person
	for _, name := range slices.Sorted(maps.Keys(c.people)) {
		people = append(people, c.people[name])
	}
	return people, true
}

// WhoCanApprove explains by the real rules.
func (c *Core) WhoCanApprove(_ context.Context, actor core.Actor, names []string, person string) (v1.Explanation, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.Explanation{}, err
	}
	if !actor.Person.Admin && person != actor.Person.Name {
		return v1.Explanation{}, core.Refuse(v1.CodeForbidden, "Only an administrator may see what belongs to somebody else.")
	}
	requester, ok := c.people[person]
	if !ok {
		return v1.Explanation{}, missing("person", person)
	}
	roles, err := c.set()
	if err != nil {
		return v1.Explanation{}, err
	}
	everybody, _ := c.one("")
	ask := core.Ask{Requester: requester, Input: v1.RequestInput{Roles: names}, Now: c.Now().UTC()}
	return core.WhoCanApprove(ask, roles, everybody)
}

// Capabilities tells by the real rules.
func (c *Core) Capabilities(_ context.Context, actor core.Actor) (v1.Capabilities, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.Capabilities{}, err
	}
	roles, err := c.set()
	if err != nil {
		return v1.Capabilities{}, err
	}
	return core.Capabilities(actor.Person, roles, actor.Token.Expires, c.Now().UTC()), nil
}
