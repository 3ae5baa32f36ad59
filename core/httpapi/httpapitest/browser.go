package httpapitest

import (
	"net/http"
	"net/url"
	"sync"

	"github.com/accede/accede/core/signin"
)

// Browser stands for a browser in which a demo person is signed in and agrees to everything. It serves the page to which
// `accede login --browser` leads.
type Browser struct {
	// Logins is what the API shares with the pages.
	Logins *signin.Logins

	mu     sync.Mutex
	person string
}

// NewBrowser makes a browser of a person.
func NewBrowser(person string) *Browser {
	return &Browser{Logins: signin.NewLogins(nil), person: person}
}

// Become makes somebody the one who is signed in; nobody refuses.
func (b *Browser) Become(person string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.person = person
}

func (b *Browser) who() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.person
}

// Agree types a program's word into the page for it. It says false if there is no such word.
func (b *Browser) Agree(word string) bool {
	person := b.who()
	return b.Logins.Answer(word, person, person != "")
}

// ServeHTTP agrees, or refuses, and goes back to the program.
func (b *Browser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	person, query := b.who(), r.URL.Query()
	back := url.Values{"state": {query.Get("state")}}
	if person == "" {
		back.Set("error", "refused")
	} else {
		code, err := b.Logins.Grant(signin.Login{Challenge: query.Get("challenge"), Device: query.Get("device")}, person)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		back.Set("code", code)
	}
	http.Redirect(w, r, "http://127.0.0.1:"+query.Get("port")+"/?"+back.Encode(), http.StatusSeeOther) //nolint:gosec // of tests
}
