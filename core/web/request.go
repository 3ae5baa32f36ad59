package web

import (
	"net/http"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

func (s *site) requestRoutes() {
	s.page("GET /requests/{id}", showRequest)
	s.page("POST /requests/{id}/reviews", review)
	s.page("POST /requests/{id}/override", override)
	s.page("POST /requests/{id}/withdrawal", withdraw)
	s.page("POST /requests/{id}/use", use)
	s.mux.Handle("GET /requests/{id}/live", s.live())
}

// requestID is the id in the address, in its one spelling.
func (v *visit) requestID() (string, error) {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return "", errNoPage
	}
	return id.String(), nil
}

// requestView is what the page of a request shows.
type requestView struct {
	request v1.Request
	// standing is the explanation with everybody who may review; mine is the reader's own ruling.
	standing v1.Explanation
	mine     v1.PersonRuling
	moments  []moment
	reader   v1.Person
	clock    ui.Clock
	form     decisionForm
}

func showRequest(v *visit) error {
	return v.showRequest(http.StatusOK, decisionForm{}, nil)
}

// showRequest shows the request as it is now, with what was typed and what was refused, if anything.
func (v *visit) showRequest(status int, form decisionForm, notices []ui.Notice) error {
	view, err := v.readRequest()
	if err != nil {
		return err
	}
	view.form = form
	return v.render(screen{
		title: titleOf(view.request), status: status, notices: notices, content: requestPage(view), scripts: []string{"htmx.min.js", "live.js"},
	})
}

func (v *visit) readRequest() (requestView, error) {
	id, err := v.requestID()
	if err != nil {
		return requestView{}, err
	}
	view := requestView{reader: v.actor.Person, clock: v.clock()}
	if view.request, err = v.Service.Request(v.ctx(), v.actor, id); err != nil {
		return requestView{}, notVisible(err)
	}
	if view.standing, err = v.Service.Explain(v.ctx(), v.actor, id, ""); err != nil {
		return requestView{}, err
	}
	mine, err := v.Service.Explain(v.ctx(), v.actor, id, v.actor.Person.Name)
	if err != nil {
		return requestView{}, err
	}
	if len(mine.People) > 0 {
		view.mine = mine.People[0]
	}
	shown, err := v.Service.Shown(v.ctx(), v.actor, id)
	if err != nil {
		return requestView{}, err
	}
	view.moments = moments(view.request, shown)
	return view, nil
}

// notVisible says the same of a request that is not there and of one that the reader may not see.
func notVisible(err error) error {
	if core.CodeOf(err) != v1.CodeNotFound {
		return err
	}
	return core.Refuse(v1.CodeNotFound, "There is no request here that you may see. If somebody sent you this link, they may mean "+
		"another account of yours, or a role that you do not have.")
}

// mayDecide says whether the page offers to decide.
func (r requestView) mayDecide() bool { return r.mine.May && !r.request.State.Resolved() }

// own says whether the reader asked for this.
func (r requestView) own() bool { return r.request.Requester.Name == r.reader.Name }

// mayUse says whether the reader's own access waits for its first use.
func (r requestView) mayUse() bool {
	access := r.request.Access
	return r.own() && r.request.AccessClock == v1.ClockFirstUse && access != nil && access.Started == nil && access.Ended == nil
}

// decideKey changes when what the form asks about does.
func (r requestView) decideKey() string {
	if !r.mayDecide() {
		return "closed " + string(r.request.State) + " " + string(r.mine.Code)
	}
	return "open " + r.request.Fingerprint
}
