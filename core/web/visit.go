package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

// visit is one HTTP request to a page, and who makes it.
type visit struct {
	*site
	w http.ResponseWriter
	r *http.Request
	// actor is who is signed in; the zero value is nobody. secret is their session's.
	actor  core.Actor
	secret string
}

// enter finds out who visits. A session that does not hold any more is nobody's.
func (v *visit) enter() error {
	secret, ok := v.cookies.session(v.r)
	if !ok {
		return nil
	}
	actor, err := v.Service.Authenticate(v.ctx(), secret, v1.ViaWeb)
	if core.CodeOf(err) == v1.CodeUnauthenticated {
		return nil
	}
	if err != nil {
		return err
	}
	v.actor, v.secret = actor, secret
	return nil
}

func (v *visit) ctx() context.Context { return v.r.Context() }

func (v *visit) signedIn() bool { return v.actor.Person.Name != "" }

// form reads a form. Its values are those of the body alone, never of the address.
func (v *visit) form() (url.Values, error) {
	if err := v.r.ParseForm(); err != nil {
		return nil, core.Refuse(v1.CodeInvalid, "The form did not arrive whole. Go back and send it again.")
	}
	return v.r.PostForm, nil //nolint:forbidigo // the field, not the function
}

// back is the way back to where a form came from, if it came from here.
func (v *visit) back() string {
	referer, err := url.Parse(v.r.Referer())
	if err != nil || referer.Host != v.r.Host {
		return "/"
	}
	return localPath(referer.RequestURI())
}

// redirect leads to another page by GET, as every change ends. A page that only looked again at a part of itself goes there
// as a whole.
func (v *visit) redirect(path string) error {
	if v.r.Header.Get("HX-Request") != "" {
		v.w.Header().Set("HX-Redirect", path)
		v.w.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// flash leaves a sentence for the next page that this browser is shown.
func (v *visit) flash(tone ui.Tone, text string) {
	http.SetCookie(v.w, v.cookies.leave(ui.Notice{Tone: tone, Text: text}))
}

// screen is a page to be shown.
type screen struct {
	title   string
	status  int
	notices []ui.Notice
	scripts []string
	content templ.Component
}

// render shows a page in the layout, with what was left for it.
func (v *visit) render(page screen) error {
	layout := ui.Page{
		Title: page.title, Person: v.actor.Person.Ref().Shown(), Notices: page.notices, Scripts: page.scripts,
		Assets: v.assets.URLs(), Clock: v.clock(), Here: entryFor(v.r.URL.Path),
	}
	if v.signedIn() {
		layout.Links = v.links()
		layout.Scripts = append(layout.Scripts, waitingScript)
	}
	if left, ok := v.cookies.left(v.r); ok {
		layout.Notices = append([]ui.Notice{left}, layout.Notices...)
		http.SetCookie(v.w, v.cookies.forget(v.cookies.flashName))
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(max(page.status, http.StatusOK))
	ctx := templ.WithChildren(v.ctx(), page.content)
	return rendered(ui.Layout(layout).Render(ctx, v.w))
}

// rendered drops the error of a reader who has gone: the answer has begun and cannot become another.
func rendered(error) error { return nil }

// clock writes times in the zone that the browser told, or else in UTC.
func (v *visit) clock() ui.Clock { return ui.Clock{Now: v.Now(), Zone: zoneOf(v.r)} }

const (
	zoneCookie = "accede_zone"
	maxZone    = 64
)

func zoneOf(r *http.Request) *time.Location {
	cookie, err := r.Cookie(zoneCookie)
	if err != nil {
		return time.UTC
	}
	name, err := url.QueryUnescape(cookie.Value)
	if err != nil {
		return time.UTC
	}
	zone, _ := zoneNamed(name)
	return zone
}

// zoneNamed finds a time zone; UTC and false if there is none of this name.
func zoneNamed(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || len(name) > maxZone {
		return time.UTC, false
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, false
	}
	return zone, true
}
