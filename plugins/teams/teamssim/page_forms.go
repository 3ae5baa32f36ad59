package teamssim

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

func (s *Sim) pageClick(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	f, inputs := r.PostForm, map[string]string{}
	for name := range f {
		if id, ok := strings.CutPrefix(name, "input:"); ok {
			inputs[id] = strings.ReplaceAll(f.Get(name), "\r\n", "\n")
		}
	}
	result, err := s.Click(r.Context(), Click{User: f.Get("as"), Message: f.Get("message"), Verb: f.Get("verb"), Inputs: inputs})
	leadBack(w, r, result, err)
}

func (s *Sim) pageSay(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	result, err := s.Say(r.Context(), r.PostForm.Get("as"), r.PostForm.Get("text"))
	leadBack(w, r, result, err)
}

func (s *Sim) pageInstall(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	err := s.Install(r.PostForm.Get("as"), r.PostForm.Get("remove") == "")
	leadBack(w, r, Result{OK: true}, err)
}

func parseForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxDriveBody)
	if err := r.ParseForm(); err != nil {
		standin.WriteProblem(w, http.StatusBadRequest, "the form could not be read")
		return false
	}
	return true
}

// leadBack returns to the page, which then tells what came of it.
func leadBack(w http.ResponseWriter, r *http.Request, result Result, err error) {
	where := standin.BackTo(r.PostForm)
	_, refused := errors.AsType[standin.RefusedError](err)
	switch {
	case refused || errors.Is(err, errStranger):
		where += "&gone=1"
	case err != nil:
		standin.WriteProblem(w, http.StatusInternalServerError, "this could not be done")
		return
	case result.ID > 0:
		where += "&result=" + strconv.Itoa(result.ID)
	}
	standin.LeadBack(w, where)
}

// noticeFor tells what came of the last click, by the number that leadBack put into the address.
func (s *Sim) noticeFor(q url.Values) *notice {
	if q.Get("gone") != "" {
		return &notice{Text: "That button is not there any more, or not for this person.", Bad: true}
	}
	id, err := strconv.Atoi(q.Get("result"))
	if err != nil {
		return nil
	}
	r, known := s.log.find(id)
	switch {
	case !known:
		return nil
	case !r.OK:
		return &notice{Text: r.Said, Bad: true}
	default:
		return &notice{Text: fmt.Sprintf("The app answered in %.0f ms.", r.LatencyMS)}
	}
}
