package discordsim

import (
	"net/http"

	"github.com/accede/accede/plugins/standin"
)

func (s *Sim) pageClick(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	f := r.PostForm
	result, err := s.Click(r.Context(), Click{
		User: f.Get("as"), Channel: f.Get("channel"), Message: f.Get("message"), CustomID: f.Get("custom_id"),
	})
	standin.ShowResult(w, r, result.ID, err)
}

func (s *Sim) pageSubmit(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	f := r.PostForm
	if f.Get("close") != "" {
		s.CloseModal(f.Get("as"))
		standin.ShowResult(w, r, 0, nil)
		return
	}
	result, err := s.Submit(r.Context(), Submission{User: f.Get("as"), Values: standin.Inputs(r)})
	standin.ShowResult(w, r, result.ID, err)
}
