package httpapi

import (
	"context"
	"net/http"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// ByName names one record in the path. It is exported because huma overlooks what is not.
type ByName struct {
	Name string `path:"name" maxLength:"256" doc:"The name of the record."`
}

type personInput struct {
	ByName
	Body v1.PersonInput
}

func (a *api) peopleRoutes() {
	handle(a, operation{
		method: http.MethodGet, path: "/v1/people", name: "list-people", tag: "People",
		summary: "List people",
	}, func(ctx context.Context, actor core.Actor, _ *none) (*body[listOf[v1.Person]], error) {
		return listed(a.service.People(ctx, actor))
	})
	handle(a, operation{
		method: http.MethodGet, path: "/v1/people/{name}", name: "get-person", tag: "People",
		summary: "Show a person",
	}, func(ctx context.Context, actor core.Actor, input *ByName) (*body[v1.Person], error) {
		return single(a.service.Person(ctx, actor, input.Name))
	})
	handle(a, operation{
		method: http.MethodPut, path: "/v1/people/{name}", name: "add-person", tag: "People", status: http.StatusCreated,
		summary: "Add a person", detail: "A person who is there already is a conflict; change them with PATCH.",
	}, a.addPerson)
	handle(a, operation{
		method: http.MethodPatch, path: "/v1/people/{name}", name: "change-person", tag: "People",
		summary: "Change a person", detail: "Absent members stay as they are.",
	}, a.changePerson)
}

func (a *api) addPerson(ctx context.Context, actor core.Actor, input *personInput) (*body[v1.Person], error) {
	_, err := a.service.Person(ctx, actor, input.Name)
	if err == nil {
		return nil, core.Refuse(v1.CodeConflict, "There is a person %q already. Change them instead of adding them.", input.Name)
	}
	if core.CodeOf(err) != v1.CodeNotFound {
		return nil, err
	}
	return single(a.service.SavePerson(ctx, actor, input.Name, input.Body))
}

func (a *api) changePerson(ctx context.Context, actor core.Actor, input *personInput) (*body[v1.Person], error) {
	person, err := a.service.Person(ctx, actor, input.Name)
	if err != nil {
		return nil, err
	}
	return single(a.service.SavePerson(ctx, actor, person.Name, input.Body))
}
