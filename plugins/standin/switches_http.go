package standin

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const maxFaultsBody = 64 << 10

// ServeHTTP shows the faults (GET), replaces them (PUT), changes some of them (PATCH), or takes them from the form of
// a page (POST) and leads back to it.
func (s *Switches) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		WriteJSON(w, http.StatusOK, s.Get())
	case http.MethodPut:
		s.accept(w, r, Faults{})
	case http.MethodPatch:
		s.accept(w, r, s.Get())
	case http.MethodPost:
		s.acceptForm(w, r)
	default:
		w.Header().Set("Allow", "GET, PUT, PATCH, POST")
		WriteProblem(w, http.StatusMethodNotAllowed, "use GET, PUT, PATCH or POST")
	}
}

func (s *Switches) accept(w http.ResponseWriter, r *http.Request, onto Faults) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFaultsBody))
	if err != nil {
		WriteProblem(w, http.StatusBadRequest, "the body could not be read")
		return
	}
	f, err := decodeFaults(body, onto)
	if err != nil {
		WriteProblem(w, http.StatusBadRequest, err.Error())
		return
	}
	s.install(f)
	WriteJSON(w, http.StatusOK, s.Get())
}

func (s *Switches) install(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(f)
}

func (s *Switches) acceptForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFaultsBody)
	if err := r.ParseForm(); err != nil {
		WriteProblem(w, http.StatusBadRequest, "the form could not be read")
		return
	}
	f, err := faultsFromForm(r.PostForm)
	if err != nil {
		WriteProblem(w, http.StatusBadRequest, err.Error())
		return
	}
	s.install(f)
	LeadBack(w, BackTo(r.PostForm))
}

func faultsFromForm(form url.Values) (Faults, error) {
	var f Faults
	if form.Get("clear") != "" {
		return f, nil
	}
	for name, c := range f.chances() {
		n, err := formNumber(form, name)
		if err != nil {
			return f, err
		}
		*c = Chance(n)
	}
	for name, count := range f.counts() {
		n, err := formNumber(form, name)
		if err != nil {
			return f, err
		}
		*count = int(n)
	}
	f.RateLimitReal = form.Get("rate_limit_real") != ""
	f.Only = strings.FieldsFunc(form.Get("only"), func(r rune) bool { return r == ',' || r == ' ' })
	return f, f.Validate()
}

func formNumber(form url.Values, name string) (float64, error) {
	text := strings.TrimSpace(form.Get(name))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, badNumberError{field: name, text: text}
	}
	return n, nil
}

type badNumberError struct{ field, text string }

func (e badNumberError) Error() string {
	return e.field + " must be a number, not " + strconv.Quote(e.text)
}

// BackTo is where a form of the page leads back to: its hidden field "back", which may only be a query string, on the
// page two levels up from the form's own address.
func BackTo(form url.Values) string {
	back := form.Get("back")
	if !strings.HasPrefix(back, "?") {
		back = "?"
	}
	return "../" + back
}

// LeadBack answers a form with the relative address to look at next. Unlike http.Redirect it does not resolve the
// address, which would lose the prefix that a stand-in is mounted under.
func LeadBack(w http.ResponseWriter, relative string) {
	w.Header().Set("Location", relative)
	w.WriteHeader(http.StatusSeeOther)
}

// WriteJSON answers with the value as JSON.
func WriteJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "the answer could not be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// WriteProblem answers an inspection call with a sentence that says what was wrong with it.
func WriteProblem(w http.ResponseWriter, status int, sentence string) {
	WriteJSON(w, status, map[string]string{"error": sentence})
}
