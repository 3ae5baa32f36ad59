package standin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxAsk bounds what an inspection call or a form of a page may send.
	maxAsk = 1 << 20
	// maxFollow bounds how long /sandbox/wait blocks.
	maxFollow = 25 * time.Second
)

// ReadJSON reads the body of an inspection call, or says what is wrong with it.
func ReadJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAsk))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		WriteProblem(w, http.StatusBadRequest, "the body must be JSON of the documented form: "+err.Error())
		return false
	}
	return true
}

// Reply answers an inspection call with a value, or says why it cannot be done.
func Reply(w http.ResponseWriter, value any, err error) {
	refused, ok := errors.AsType[RefusedError](err)
	switch {
	case ok:
		WriteProblem(w, http.StatusConflict, string(refused))
	case err != nil:
		WriteProblem(w, http.StatusInternalServerError, "this could not be done")
	default:
		WriteJSON(w, http.StatusOK, value)
	}
}

// Drive serves one thing that a person or an attacker can do.
func Drive[Ask, Result any](do func(context.Context, Ask) (Result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ask Ask
		if !ReadJSON(w, r, &ask) {
			return
		}
		result, err := do(r.Context(), ask)
		Reply(w, result, err)
	}
}

// Serve adds to mux the paths by which pages and tests follow along: GET /sandbox/version, and GET /sandbox/wait?version=,
// which answers as soon as more happened than that, or after a while. The stand-in's own context ends what waits.
func (c *Changes) Serve(open context.Context, mux *http.ServeMux) {
	mux.HandleFunc("GET /sandbox/version", func(w http.ResponseWriter, _ *http.Request) { writeVersion(w, c.Version()) })
	mux.HandleFunc("GET /sandbox/wait", func(w http.ResponseWriter, r *http.Request) {
		seen, err := strconv.ParseUint(r.URL.Query().Get("version"), 10, 64)
		if err != nil {
			WriteProblem(w, http.StatusBadRequest, "version must be a number")
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), maxFollow)
		defer cancel()
		ctx, release := WhileOpen(ctx, open)
		defer release()
		writeVersion(w, c.Wait(ctx, seen))
	})
}

func writeVersion(w http.ResponseWriter, version uint64) {
	WriteText(w, strconv.FormatUint(version, 10))
}

// WriteText answers an inspection call with plain text.
func WriteText(w http.ResponseWriter, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(text))
}

// WhileOpen returns a context that ends with ctx, or with the stand-in whose context is open.
func WhileOpen(ctx, open context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(open, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// ParseForm reads the form of a page, or says that it cannot be read.
func ParseForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxAsk)
	if err := r.ParseForm(); err != nil {
		WriteProblem(w, http.StatusBadRequest, "the form could not be read")
		return false
	}
	return true
}

// Inputs are what people wrote into the fields of a form whose names begin with "input:", by the rest of their names.
func Inputs(r *http.Request) map[string]string {
	inputs := map[string]string{}
	for name := range r.PostForm {
		if id, ok := strings.CutPrefix(name, "input:"); ok {
			inputs[id] = strings.ReplaceAll(r.PostForm.Get(name), "\r\n", "\n")
		}
	}
	return inputs
}
