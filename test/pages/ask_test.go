package pages

import (
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/accede/accede/test/stack"
)

// pick adds a role by typing a part of its name, as people do.
func (b *tab) pick(typed, role string) {
	b.t.Helper()
	b.fill("find", typed)
	b.until(role+" to be offered alone", `document.querySelectorAll("#offer li").length === 1`)
	b.pressNamed("Add " + role)
	b.until(role+" to be picked", `[...document.querySelectorAll(".picked input")].some((field) => field.value === "`+role+`")`)
}

// The whole life of a request by clicks: asked for with a preview, decided by two, and shown at home until it ends.
func TestLifeOfARequestByClicks(t *testing.T) {
	s := up(t, stack.Options{})
	alice, ivan, bob := newTab(t, s.CoreURL), newTab(t, s.CoreURL), newTab(t, s.CoreURL)
	alice.signIn("alice")
	alice.sees("What you are granted for a time is shown here.")
	alice.follow("Ask for access")
	alice.sees("Choose what you need")
	alice.pick("datab", "dba")
	alice.sees("2 people (managers)")
	alice.sees("Ivan Petrov")
	alice.sees("8 hours")
	alice.fill("reason", "the nightly import is stuck")
	alice.choose("duration", "2h")
	alice.until("the preview to follow", `document.querySelector("#preview").innerText.includes("2 hours")`)
	alice.until("the reason to stay", `document.querySelector("#reason").value === "the nightly import is stuck"`)
	alice.picture("ask-filled-in")
	alice.fill("others", "nobody-here")
	alice.follow("Send request")
	alice.sees("There is no person")
	alice.accessible("the form with a problem")
	alice.sees("There is no person")
	alice.picture("ask-problem")
	alice.fill("others", "")
	alice.follow("Send request")
	alice.sees("Your request is sent.")

	for person, browser := range map[string]*tab{"ivan": ivan, "bob": bob} {
		browser.signIn(person)
		browser.until("the count", `document.querySelector("[data-waiting]").innerText === "1"`)
		browser.picture("home-reviewer")
		browser.follow("Alice Moreau asks for dba")
		browser.sees("the nightly import is stuck")
	}
	ivan.press("Approve")
	ivan.sees("1 of 2")
	ivan.follow("Home")
	ivan.sees("Nothing waits for your decision.")
	bob.follow("Approve")
	bob.sees("Approved")

	alice.open("/")
	alice.sees("Running")
	alice.sees("ends in")
	alice.picture("home-requester")
	alice.follow("Requests")
	alice.sees("Approved")
	alice.followNamed("Ask again for dba")
	alice.until("the form to be filled in", `document.querySelector("#reason").value === "the nightly import is stuck" &&
		document.querySelector("#duration").value === "2h"`)
}

// The list at home follows what happens without being loaded again, and leaves the focus where it is.
func TestHomeKeepsUpToDate(t *testing.T) {
	s := up(t, stack.Options{})
	ask(t, s, "the first")
	ivan := newTab(t, s.CoreURL)
	ivan.signIn("ivan")
	ivan.sees("the first")
	ivan.run(`document.querySelector("#lists a").focus()`)
	ask(t, s, "the second")
	ivan.run(`document.dispatchEvent(new Event("visibilitychange"))`) // as if the tab had just been chosen
	ivan.sees("the second")
	ivan.until("the count to follow", `document.querySelector("[data-waiting]").innerText === "2"`)
	ivan.until("the focus to stay", `document.activeElement.id.startsWith("waiting-")`)
}

// Whoever is signed out in the midst of it is told so, and keeps what they wrote.
func TestSignedOutInTheMidst(t *testing.T) {
	s := up(t, stack.Options{})
	alice := newTab(t, s.CoreURL)
	alice.signIn("alice")
	alice.open("/ask?role=dba")
	alice.fill("reason", "written with care")
	alice.do("losing the session", network.ClearBrowserCookies())
	alice.pressNamed("Remove dba")
	alice.sees("You are signed out. Sign in in another tab, then go on here.")
	alice.until("what was written to stay", `document.querySelector("#reason").value === "written with care"`)
}

// Everything works without scripts, step by step.
func TestAskingWithoutScripts(t *testing.T) {
	s := up(t, stack.Options{})
	alice := newTab(t, s.CoreURL)
	alice.withoutScripts()
	alice.signIn("alice")
	alice.follow("Ask for access")
	alice.sees("What do you need?")
	alice.fill("find", "full access")
	alice.follow("Find")
	alice.sees("Full access to the databases.")
	alice.followNamed("Add dba")
	alice.sees("2 people (managers)")
	alice.fill("reason", "without scripts")
	alice.choose("duration", "1h")
	alice.fill("others", "nobody-here")
	alice.follow("Preview")
	alice.sees("1 hour")
	alice.follow("Send request")
	alice.sees(`There is no person "nobody-here"`)
	alice.fill("others", "bob")
	alice.follow("Send request")
	alice.sees("Your request is sent.")
	alice.sees("without scripts")

	bob := newTab(t, s.CoreURL)
	bob.withoutScripts()
	bob.signIn("bob")
	bob.follow("Alice Moreau asks for dba")
	bob.fill("reason", "not tonight")
	bob.follow("Deny")
	bob.sees("Denied")
	alice.follow("Requests")
	alice.fill("text", "tonight")
	alice.follow("Show")
	alice.sees("without scripts")
	alice.follow("Ask again")
	alice.sees("What will happen")
}

// Every page of asking and following, wide and narrow, light and dark, at twice its size, and as axe-core sees it.
func TestPagesOfRequestsForEverybody(t *testing.T) {
	s := up(t, stack.Options{})
	for _, reason := range []string{"for everybody", "and once more, at such a length that no line of a list could hold all of it, because people do write that much"} {
		ask(t, s, reason)
	}
	paths := map[string]string{
		"home": "/", "waiting": "/waiting", "requests": "/requests?text=everybody&since=2026-01-01&role=dba", "ask": "/ask?role=db-readonly",
		"requests-wrong": "/requests?since=yesterday", "ask-empty": "/ask",
	}
	ivan := newTab(t, s.CoreURL)
	ivan.signIn("ivan")
	for name, path := range paths {
		for _, dark := range []bool{false, true} {
			for _, width := range []int64{1100, 550, 320} { // 550 is a window of 1,100 at twice its size
				ivan.look(width, dark)
				ivan.accessibleAt(path)
				ivan.fits(name)
			}
		}
		ivan.picture(name + "-dark-narrow")
		ivan.look(1100, false)
		ivan.open(path)
		ivan.picture(name)
	}
}
