package teamssim

import (
	"fmt"
	"net/http"

	"github.com/accede/accede/plugins/standin"
)

func (s *Sim) pageClick(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	f := r.PostForm
	result, err := s.Click(r.Context(), Click{User: f.Get("as"), Message: f.Get("message"), Verb: f.Get("verb"), Inputs: standin.Inputs(r)})
	standin.ShowResult(w, r, result.ID, err)
}

func (s *Sim) pageSay(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	result, err := s.Say(r.Context(), r.PostForm.Get("as"), r.PostForm.Get("text"))
	standin.ShowResult(w, r, result.ID, err)
}

func (s *Sim) pageInstall(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	err := s.Install(r.PostForm.Get("as"), r.PostForm.Get("remove") == "")
	standin.ShowResult(w, r, 0, err)
}

// told says what came of the last click.
func told(r Result) *standin.Notice {
	if !r.OK {
		return &standin.Notice{Text: r.Said, Bad: true}
	}
	return &standin.Notice{Text: fmt.Sprintf("The app answered in %.0f ms.", r.LatencyMS)}
}
