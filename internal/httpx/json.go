package httpx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// Error is a request that cannot be read: the status to answer with and a sentence for the sender.
type Error struct {
	Status  int
	Message string
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Message }

// DecodeJSON reads the request's body, at most limit bytes, as exactly one JSON value into the value that into points
// to. Unknown fields and anything behind the value are errors. Every error is an *Error that is safe to show.
func DecodeJSON(r *http.Request, into any, limit int64) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &Error{http.StatusUnsupportedMediaType, "the body must be JSON: send Content-Type: application/json"}
	}
	body := http.MaxBytesReader(nil, r.Body, limit)
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return bodyError(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return bodyError(tooLarge)
		}
		return &Error{http.StatusBadRequest, "the body has text behind its JSON value"}
	}
	return nil
}

func bodyError(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &Error{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &Error{http.StatusBadRequest, fmt.Sprintf("the body is not JSON: error at byte %d", syntax.Offset)}
	}
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		message := fmt.Sprintf("field %q cannot be a %s", wrongType.Field, wrongType.Value)
		return &Error{http.StatusUnprocessableEntity, message}
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok { // encoding/json has no type for it
		return &Error{http.StatusUnprocessableEntity, fmt.Sprintf("unknown field %.80s", field)}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{http.StatusBadRequest, "the body ends before its JSON value does"}
	}
	return &Error{http.StatusBadRequest, "the body cannot be read as the expected JSON"}
}

// WriteJSON answers with status and value as JSON. An answer that cannot be written is dropped: the client is gone.
func WriteJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "the answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
