package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/web/ui"
)

// errSignIn leads to the sign-in page and back.
var errSignIn = errors.New("not signed in")

var (
	errNoPage  error = core.Refuse(v1.CodeNotFound, "There is no page at this address. Check it, or begin at the first page.")
	errForeign error = core.Refuse(v1.CodeForbidden,
		"This form was sent by another site, so nothing was done. Open Accede itself and do it there.")
)

// errorsIs says whether an error is one of several.
func errorsIs(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// fault is what is shown of an error.
type fault struct {
	status int
	title  string
	text   string
	wait   time.Duration
}

// fail answers with what the error means to the reader.
func (v *visit) fail(err error) {
	if errors.Is(err, errSignIn) {
		v.askToSignIn()
		return
	}
	f := v.faultOf(err)
	if f.wait > 0 {
		v.w.Header().Set("Retry-After", strconv.Itoa(max(1, int(f.wait/time.Second))))
	}
	_ = v.render(screen{title: f.title, status: f.status, content: ui.Message(f.title, f.text)})
}

// askToSignIn leads to the sign-in page. A form that a script sends stays where it is, with what was typed.
func (v *visit) askToSignIn() {
	if v.r.Header.Get("HX-Request") != "" && v.r.Method == http.MethodPost {
		http.Error(v.w, "You are signed out.", http.StatusUnauthorized)
		return
	}
	_ = v.redirect(v.signInPath())
}

// signInPath leads back here after signing in, or, when a form was sent, to the page that it was on.
func (v *visit) signInPath() string {
	next := v.r.URL.RequestURI()
	if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead {
		next = v.back()
	}
	if next == "/" {
		return signInPath
	}
	return signInPath + "?" + url.Values{"next": {localPath(next)}}.Encode()
}

// faultOf turns any error into what the reader may see, and logs what they may not.
func (v *visit) faultOf(err error) fault {
	if errors.Is(err, signin.ErrAttemptUnknown) {
		return fault{status: http.StatusBadRequest, title: "Once more, please", text: "This was not begun in this browser, was used " +
			"before, or took too long. Nothing was done; begin again."}
	}
	if errors.Is(err, signin.ErrPasskey) {
		v.log(err)
		return fault{status: http.StatusUnauthorized, title: "Passkey not taken", text: "Your passkey did not prove who you are, so " +
			"nothing was done. Try again, or sign in another way."}
	}
	if many, ok := errors.AsType[*signin.TooManyError](err); ok {
		return fault{http.StatusTooManyRequests, "Too many tries", many.Error(), many.Wait}
	}
	refusal, ok := errors.AsType[*core.Error](err)
	if !ok || refusal.Code == v1.CodeInternal {
		return v.unexpected(err)
	}
	if refusal.Code == v1.CodeUnavailable {
		v.log(err)
		return fault{http.StatusServiceUnavailable, "Not just now", refusal.Message, time.Second}
	}
	status, title := kindOf(refusal.Code)
	return fault{status: status, title: title, text: refusal.Message}
}

func kindOf(code v1.Code) (status int, title string) {
	switch code {
	case v1.CodeNotFound:
		return http.StatusNotFound, "Nothing here"
	case v1.CodeForbidden, v1.CodeNotAReviewer, v1.CodeSelfReview, v1.CodeRoleNotRequestable, v1.CodeIdentityNotLinked:
		return http.StatusForbidden, "Not allowed"
	case v1.CodeUnauthenticated:
		return http.StatusUnauthorized, "Not signed in"
	case v1.CodeRateLimited:
		return http.StatusTooManyRequests, "Too many tries"
	case v1.CodeAlreadyReviewed, v1.CodeAlreadyResolved, v1.CodeRequestChanged, v1.CodeExpired, v1.CodeConflict:
		return http.StatusConflict, "Not done"
	default:
		return http.StatusUnprocessableEntity, "Not done"
	}
}

func (v *visit) unexpected(err error) fault {
	v.log(err)
	if errors.Is(err, context.DeadlineExceeded) {
		return fault{
			http.StatusServiceUnavailable, "Not just now",
			"Accede did not finish this in time. It may or may not have been done; look before you try again.", time.Second,
		}
	}
	return fault{status: http.StatusInternalServerError, title: "Something went wrong", text: fmt.Sprintf(
		"Something went wrong inside Accede. Try again; if it stays, give the administrator this reference: %s.", reference(v.ctx()))}
}

func (v *visit) log(err error) {
	if errors.Is(err, context.Canceled) {
		return // the reader left; nothing is wrong here
	}
	if refusal, ok := errors.AsType[*core.Error](err); ok && refusal.Err != nil {
		err = refusal.Err
	}
	v.Logger.ErrorContext(v.ctx(), "answering page", "correlation_id", reference(v.ctx()), "person", v.actor.Person.Name, "err", err)
}
