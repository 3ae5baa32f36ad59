package mattermostsim

import (
	"net/http"

	"github.com/accede/accede/plugins/standin"
)

// problem is an error as Mattermost's API answers it.
type problem struct {
	ID        string `json:"id"`
	Message   string `json:"message"`
	Detail    string `json:"detailed_error"`
	RequestID string `json:"request_id"`
	Status    int    `json:"status_code"`
}

// Error returns the id.
func (p *problem) Error() string { return p.ID }

func fail(status int, id, message string) *problem {
	return &problem{ID: id, Message: message, Status: status}
}

// because adds what only servers in developer mode and the server's log tell.
func (p *problem) because(detail string) *problem {
	p.Detail = detail
	return p
}

func forbidden() *problem {
	return fail(http.StatusForbidden, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
}

func badParam(name string) *problem {
	return fail(http.StatusBadRequest, "api.context.invalid_body_param.app_error", "Invalid or missing "+name+" in request body.")
}

func badURL(name string) *problem {
	return fail(http.StatusBadRequest, "api.context.invalid_url_param.app_error", "Invalid or missing "+name+" parameter in request URL.")
}

func noSuchPage() *problem {
	return fail(http.StatusNotFound, "api.context.404.app_error", "Sorry, we could not find the page.")
}

func noPost() *problem {
	return fail(http.StatusNotFound, "app.post.get.app_error", "Unable to get the post.")
}

func noChannel() *problem {
	return fail(http.StatusNotFound, "app.channel.get.existing.app_error", "Unable to find the existing channel.")
}

func noUser() *problem {
	return fail(http.StatusNotFound, "app.user.missing_account.const", "Unable to find the user.")
}

func (s *Sim) answerProblem(w http.ResponseWriter, p *problem) {
	out := *p
	out.RequestID = s.newID()
	if !s.Server().Developer {
		out.Detail = ""
	}
	standin.WriteJSON(w, p.Status, out)
}

// broken is Mattermost with its database away.
func (s *Sim) broken(w http.ResponseWriter, _ *http.Request) {
	s.answerProblem(w, fail(http.StatusInternalServerError, "app.post.save.app_error", "Unable to save the Post."))
}
