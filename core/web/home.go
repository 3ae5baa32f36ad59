package web

import (
	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

const (
	homePath = "/"
	// homeLength is how many requests each list on the first page shows.
	homeLength = 10
)

func (s *site) homeRoutes() { s.page("GET /{$}", showHome) }

// homeView is what the first page shows: what waits for the reader, what they asked for, and what they have.
type homeView struct {
	reader   v1.Person
	reviewer bool
	waiting  v1.RequestPage
	open     v1.RequestPage
	granted  []v1.Request
	clock    ui.Clock
}

func showHome(v *visit) error {
	view := homeView{reader: v.actor.Person, clock: v.clock()}
	var err error
	if _, view.reviewer, err = v.Service.CountWaiting(v.ctx(), v.actor, 1); err != nil {
		return err
	}
	if view.waiting, err = v.Service.Waiting(v.ctx(), v.actor, "", homeLength); err != nil {
		return err
	}
	open := core.RequestFilter{Requester: v.actor.Person.Name, States: []v1.State{v1.StatePending}, Limit: homeLength}
	if view.open, err = v.Service.Browse(v.ctx(), v.actor, open); err != nil {
		return err
	}
	if view.granted, err = v.Service.Granted(v.ctx(), v.actor); err != nil {
		return err
	}
	return v.render(screen{title: "Home", content: homePage(view), scripts: []string{htmxScript}})
}
