package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/signin"
)

const problemType = "application/problem+json"

// statuses is the one place where a code becomes a status.
//
//nolint:gochecknoglobals // a table that nobody changes
var statuses = map[v1.Code]int{
	v1.CodeInvalid:             http.StatusUnprocessableEntity,
	v1.CodeInvalidRole:         http.StatusUnprocessableEntity,
	v1.CodeReasonRequired:      http.StatusUnprocessableEntity,
	v1.CodeTooLong:             http.StatusUnprocessableEntity,
	v1.CodeDurationTooLong:     http.StatusUnprocessableEntity,
	v1.CodeMixedRequest:        http.StatusUnprocessableEntity,
	v1.CodeTooManyResources:    http.StatusUnprocessableEntity,
	v1.CodeUnauthenticated:     http.StatusUnauthorized,
	v1.CodeForbidden:           http.StatusForbidden,
	v1.CodeRoleNotRequestable:  http.StatusForbidden,
	v1.CodeNotAReviewer:        http.StatusForbidden,
	v1.CodeSelfReview:          http.StatusForbidden,
	v1.CodeIdentityNotLinked:   http.StatusForbidden,
	v1.CodeNotFound:            http.StatusNotFound,
	v1.CodeConflict:            http.StatusConflict,
	v1.CodeAlreadyReviewed:     http.StatusConflict,
	v1.CodeAlreadyResolved:     http.StatusConflict,
	v1.CodeRequestChanged:      http.StatusConflict,
	v1.CodeExpired:             http.StatusConflict,
	v1.CodeIdentityAmbiguous:   http.StatusConflict,
	v1.CodeIdempotencyConflict: http.StatusConflict,
	v1.CodeRateLimited:         http.StatusTooManyRequests,
	v1.CodeUnavailable:         http.StatusServiceUnavailable,
	v1.CodeInternal:            http.StatusInternalServerError,
}

// problem is a problem document that huma can send.
type problem struct {
	v1.Problem
	headers http.Header
}

// GetStatus returns the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// GetHeaders returns headers that go with the problem.
func (p *problem) GetHeaders() http.Header { return p.headers }

// ContentType makes the answer application/problem+json.
func (p *problem) ContentType(string) string { return problemType }

func newProblem(status int, code v1.Code, detail string) *problem {
	p := &problem{headers: http.Header{}, Problem: v1.Problem{
		Type: "urn:accede:problem:" + string(code), Title: http.StatusText(status), Status: status, Detail: detail, Code: code,
	}}
	if status == http.StatusUnauthorized {
		p.headers.Set("WWW-Authenticate", `Bearer realm="accede"`)
	}
	return p
}

func (p *problem) retryAfter(wait time.Duration) *problem {
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	p.headers.Set("Retry-After", strconv.Itoa(seconds))
	return p
}

func (p *problem) write(w http.ResponseWriter) {
	for name, values := range p.headers {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p.Problem) // if it cannot be written, nobody is there to read it
}

// problemOf turns any error into what the caller may read, and logs what they may not.
func (a *api) problemOf(ctx context.Context, err error) *problem {
	if ready, ok := errors.AsType[*problem](err); ok {
		return ready
	}
	if many, ok := errors.AsType[*signin.TooManyError](err); ok {
		return newProblem(http.StatusTooManyRequests, v1.CodeRateLimited, many.Error()).retryAfter(many.Wait)
	}
	refusal, ok := errors.AsType[*core.Error](err)
	if !ok {
		return a.unexpected(ctx, err)
	}
	status, known := statuses[refusal.Code]
	if !known || refusal.Code == v1.CodeInternal {
		return a.unexpected(ctx, err)
	}
	p := newProblem(status, refusal.Code, refusal.Message)
	p.Errors, p.Request = refusal.Faults, refusal.Request
	if refusal.Code == v1.CodeUnavailable {
		a.logCause(ctx, slog.LevelWarn, "answering unavailable", refusal.Err)
		return p.retryAfter(time.Second)
	}
	return p
}

func (a *api) unexpected(ctx context.Context, err error) *problem {
	if errors.Is(err, context.DeadlineExceeded) {
		a.logCause(ctx, slog.LevelWarn, "answering took too long", err)
		return newProblem(http.StatusServiceUnavailable, v1.CodeUnavailable,
			"Accede did not finish this in time. It may or may not have been done; look before you try again.").retryAfter(time.Second)
	}
	if errors.Is(err, context.Canceled) {
		return newProblem(http.StatusServiceUnavailable, v1.CodeUnavailable, "The call was given up before it was answered.")
	}
	a.logCause(ctx, slog.LevelError, "answering internal error", causeOf(err))
	return newProblem(http.StatusInternalServerError, v1.CodeInternal, fmt.Sprintf(
		"Something went wrong inside Accede. Try again; if it stays, give the administrator this reference: %s.", callOf(ctx).id))
}

// causeOf prefers the cause of a refusal to its sentence, which says nothing to whoever reads the log.
func causeOf(err error) error {
	if refusal, ok := errors.AsType[*core.Error](err); ok && refusal.Err != nil {
		return refusal.Err
	}
	return err
}

func (a *api) logCause(ctx context.Context, level slog.Level, message string, err error) {
	if errors.Is(err, context.Canceled) {
		level = slog.LevelDebug // the caller left; nothing is wrong here
	}
	call := callOf(ctx)
	a.logger.Log(ctx, level, message, "correlation_id", call.id, "route", call.route, "person", call.actor.Person.Name, "err", err)
}

// translate turns huma's own errors into our problems as they are written.
func translate(_ huma.Context, _ string, value any) (any, error) {
	model, ok := value.(*huma.ErrorModel)
	if !ok {
		return value, nil
	}
	faults := make([]v1.Fault, 0, len(model.Errors))
	for _, detail := range model.Errors {
		faults = append(faults, v1.Fault{Location: detail.Location, Message: detail.Message})
	}
	p := newProblem(model.Status, v1.CodeInvalid, faultSentence(model.Detail, faults))
	p.Errors = faults
	return p.Problem, nil
}

func faultSentence(message string, faults []v1.Fault) string {
	if len(faults) == 0 {
		return "The call is not valid: " + message + "."
	}
	first := faults[0]
	text := strings.TrimPrefix(first.Location+": "+first.Message, ": ")
	if more := len(faults) - 1; more > 0 {
		return fmt.Sprintf("The call is not valid: %s (and %d more).", text, more)
	}
	return "The call is not valid: " + text + "."
}
