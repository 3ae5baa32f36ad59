package pages

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/accede/accede/test/stack"
)

// Two people look at one request in two browsers; each sees what the other does without doing anything.
func TestTwoBrowsersLive(t *testing.T) {
	s := up(t, stack.Options{})
	id := ask(t, s, "two browsers")
	ivan, bob := newTab(t, s.CoreURL), newTab(t, s.CoreURL)
	for person, browser := range map[string]*tab{"ivan": ivan, "bob": bob} {
		browser.open("/requests/" + id)
		browser.sees("Sign in")
		browser.fill("name", person)
		browser.fill("password", password)
		browser.press("Sign in")
		browser.sees("two browsers")
	}
	ivan.fill("reason", "looks right to me")
	ivan.press("Approve")
	ivan.sees("looks right to me")
	bob.sees("looks right to me")
	bob.press("Approve")
	bob.sees("Approved")
	ivan.sees("Approved")
}

// A request is found and approved without ever touching a mouse, and Enter in a field decides nothing.
func TestDecidingByTheKeyboard(t *testing.T) {
	s := up(t, stack.Options{})
	id := ask(t, s, "by the keyboard")
	ivan := newTab(t, s.CoreURL)
	ivan.open("/sign-in")
	ivan.fill("name", "ivan")
	ivan.fill("password", password)
	ivan.loading(func() { ivan.keys(kb.Enter) })
	ivan.tabTo("Alice Moreau asks for dba")
	ivan.loading(func() { ivan.keys(kb.Enter) })
	ivan.until("the request's page", `location.pathname === "/requests/`+id+`"`)
	ivan.tabTo("Approve for less time, or from later on")
	ivan.keys(kb.Enter)
	ivan.keys(kb.Tab)
	ivan.until("the list of durations", `document.activeElement.name === "duration"`)
	ivan.keys("4")
	ivan.keys(kb.Tab)
	ivan.loading(func() { ivan.keys(kb.Enter) }) // in the field of the start
	ivan.sees("Nothing is decided yet.")
	ivan.until("the choice to stay", `document.querySelector("#duration").value === "4h"`)
	ivan.tabTo("Approve")
	ivan.loading(func() { ivan.keys(kb.Enter) })
	ivan.sees("Your approval is recorded")
	ivan.sees("Shortened to 4 hours")
}

// The request page without scripts, on a narrow and on a dark screen, and as axe-core sees it.
func TestRequestPageForEverybody(t *testing.T) {
	s := up(t, stack.Options{})
	id := ask(t, s, "for everybody")
	browser := newTab(t, s.CoreURL)
	browser.accessibleAt("/sign-in")
	browser.signIn("ivan")
	for _, dark := range []bool{false, true} {
		for _, width := range []int64{1100, 320} {
			browser.look(width, dark)
			browser.accessibleAt("/requests/" + id)
			browser.fits("the request's page")
		}
	}
	browser.picture("request-dark-narrow")
	browser.look(1100, false)
	browser.withoutScripts()
	browser.open("/requests/" + id)
	browser.picture("request")
	browser.fill("reason", "without scripts")
	browser.press("Approve")
	browser.sees("without scripts")
}
