package discordsim

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/accede/accede/plugins/standin"
)

func (s *Sim) pageClick(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	f := r.PostForm
	result, err := s.Click(r.Context(), Click{
		User: f.Get("as"), Channel: f.Get("channel"), Message: f.Get("message"), CustomID: f.Get("custom_id"),
	})
	leadBack(w, r, result, err)
}

func (s *Sim) pageSubmit(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		return
	}
	f := r.PostForm
	if f.Get("close") != "" {
		s.CloseModal(f.Get("as"))
		leadBack(w, r, Result{}, nil)
		return
	}
	values := map[string]string{}
	for name := range f {
		if id, ok := strings.CutPrefix(name, "input:"); ok {
			values[id] = strings.ReplaceAll(f.Get(name), "\r\n", "\n")
		}
	}
	result, err := s.Submit(r.Context(), Submission{User: f.Get("as"), Values: values})
	leadBack(w, r, result, err)
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
	case refused:
		where += "&gone=1"
	case err != nil:
		standin.WriteProblem(w, http.StatusInternalServerError, "this could not be done")
		return
	case result.ID > 0:
		where += "&result=" + strconv.Itoa(result.ID)
	}
	standin.LeadBack(w, where)
}
