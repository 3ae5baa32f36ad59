package pages

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	axeFile = "../../bin/axe-core-4.14.1.min.js"
	// patient bounds what a person would wait for.
	patient = 60 * time.Second
)

// browserPath is the browser that the tests drive.
func browserPath(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("ACCEDE_BROWSER"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("there is no Chromium here; run `make browser`, or name one in ACCEDE_BROWSER")
	return ""
}

// tab is a browser of its own: its cookies are shared with nobody.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // chromedp keeps the browser in it
	// base is the core's address.
	base string
}

// newTab opens a browser. It ends with the test.
func newTab(t *testing.T, base string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browserPath(t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1100, 900),
	)
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		end()
		endAllocator()
	})
	b := &tab{t: t, ctx: ctx, base: base}
	b.do("starting the browser")
	return b
}

// do runs actions within a person's patience, and shows the page if they fail.
func (b *tab) do(what string, actions ...chromedp.Action) {
	b.t.Helper()
	if err := b.try(actions...); err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.text())
	}
}

func (b *tab) try(actions ...chromedp.Action) error {
	// The first run with a context starts the browser, which then ends with that context.
	if chromedp.FromContext(b.ctx).Browser == nil {
		return chromedp.Run(b.ctx, actions...)
	}
	ctx, cancel := context.WithTimeout(b.ctx, patient)
	defer cancel()
	return chromedp.Run(ctx, actions...)
}

// text is what can be read on the page.
func (b *tab) text() string {
	var text, address string
	if err := b.try(chromedp.Location(&address), chromedp.Evaluate("document.body.innerText", &text)); err != nil {
		return err.Error()
	}
	return address + "\n" + text
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.do("opening "+path, chromedp.Navigate(b.base+path), chromedp.WaitReady("main"))
}

// sees waits until the page shows a text.
func (b *tab) sees(text string) {
	b.t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		b.t.Fatal(err)
	}
	b.until("the page to show "+text, "document.body.innerText.includes("+string(quoted)+")")
}

// until waits until an expression holds, on whatever page the browser is by then.
func (b *tab) until(what, expression string) {
	b.t.Helper()
	for end := time.Now().Add(patient); ; <-time.After(50 * time.Millisecond) {
		var holds bool
		err := b.try(chromedp.Evaluate("document.body !== null && ("+expression+")", &holds))
		if err == nil && holds {
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("waiting for %s: %v\n%s", what, err, b.text())
		}
	}
}

// press clicks the button or link that shows exactly this text.
func (b *tab) press(label string) {
	b.t.Helper()
	path := `//*[self::button or self::a or self::summary][normalize-space(.)=` + xpathText(label) + `]`
	b.again("pressing "+label, chromedp.Click(path, chromedp.BySearch, chromedp.NodeVisible))
}

// again does what can be done again, for as long as the page is exchanged under its hands.
func (b *tab) again(what string, actions ...chromedp.Action) {
	b.t.Helper()
	for end := time.Now().Add(patient); ; {
		err := b.try(actions...)
		if err == nil {
			return
		}
		if gone := strings.Contains(err.Error(), "Could not find node"); !gone || time.Now().After(end) {
			b.t.Fatalf("%s: %v\n%s", what, err, b.text())
		}
	}
}

func xpathText(text string) string { return `"` + strings.ReplaceAll(text, `"`, "") + `"` }

// fill writes into the field of that name.
func (b *tab) fill(name, value string) {
	b.t.Helper()
	field := `[name="` + name + `"]`
	b.until("the field "+name, `document.querySelector('`+field+`') !== null`)
	b.again("filling "+name, chromedp.Evaluate("document.querySelector('"+field+"').value = ''", nil), chromedp.SendKeys(field, value, chromedp.ByQuery))
}

func (b *tab) signIn(person string) {
	b.t.Helper()
	b.open("/sign-in")
	b.fill("name", person)
	b.fill("password", password)
	b.press("Sign in")
	b.until("being signed in", `document.readyState === "complete" && !location.pathname.startsWith("/sign-in")`)
}

// accessibleAt opens a page and lets axe-core look at it.
func (b *tab) accessibleAt(path string) {
	b.t.Helper()
	b.open(path)
	b.accessible(path)
}

// violation is a fault that axe-core found.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML string `json:"html"`
	} `json:"nodes"`
}

// accessible lets axe-core look at the page.
func (b *tab) accessible(what string) {
	b.t.Helper()
	script, err := os.ReadFile(axeFile)
	if err != nil {
		b.t.Fatalf("axe-core is missing; run `make browser`: %v", err)
	}
	var found []violation
	b.do("looking at "+what, cdpage.SetBypassCSP(true), chromedp.Reload(), chromedp.WaitReady("main"),
		chromedp.Evaluate(string(script)+";true", nil),
		chromedp.Evaluate(`axe.run().then(r => r.violations)`, &found, awaitPromise),
		cdpage.SetBypassCSP(false))
	for _, v := range found {
		if v.Impact != "serious" && v.Impact != "critical" {
			b.t.Logf("%s: %s %s (%s)", what, v.Impact, v.ID, v.Help)
			continue
		}
		for _, node := range v.Nodes {
			b.t.Errorf("%s: %s: %s: %s", what, v.ID, v.Help, node.HTML)
		}
	}
}

func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// look sets how wide the screen is and whether it is dark.
func (b *tab) look(width int64, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.do("looking through another screen",
		emulation.SetDeviceMetricsOverride(width, 900, 1, width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// withoutScripts switches JavaScript off for the pages that are opened next.
func (b *tab) withoutScripts() {
	b.t.Helper()
	b.do("switching scripts off", emulation.SetScriptExecutionDisabled(true))
}

// fits fails if the page has to be scrolled sideways.
func (b *tab) fits(what string) {
	b.t.Helper()
	var over float64
	b.do("measuring", chromedp.Evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth", &over))
	if over > 0 {
		b.t.Errorf("%s is %v pixels wider than the screen", what, over)
	}
}

// pressNamed clicks the button or link that screen readers call exactly this.
func (b *tab) pressNamed(name string) {
	b.t.Helper()
	path := `//*[self::button or self::a][@aria-label=` + xpathText(name) + `]`
	b.again("pressing "+name, chromedp.Click(path, chromedp.BySearch, chromedp.NodeVisible))
}

// loading does something that loads a page, and waits for that page.
func (b *tab) loading(do func()) {
	b.t.Helper()
	b.run("window.before = true")
	do()
	b.until("the next page", `window.before === undefined && document.readyState === "complete"`)
}

// follow presses a button or link that loads a page, and waits for that page.
func (b *tab) follow(label string) {
	b.t.Helper()
	b.loading(func() { b.press(label) })
}

// followNamed does so by the name that screen readers have.
func (b *tab) followNamed(name string) {
	b.t.Helper()
	b.loading(func() { b.pressNamed(name) })
}

// choose chooses from a list by the value behind an entry.
func (b *tab) choose(name, value string) {
	b.t.Helper()
	field := `select[name="` + name + `"]`
	b.do("choosing "+value, chromedp.Focus(field, chromedp.ByQuery), chromedp.SetValue(field, value, chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector('`+field+`').dispatchEvent(new Event("change", {bubbles: true}))`, nil))
}

// run runs a script in the page.
func (b *tab) run(script string) {
	b.t.Helper()
	b.do("running a script", chromedp.Evaluate(script+"; true", nil))
}

// keys presses keys wherever the focus is.
func (b *tab) keys(keys string) {
	b.t.Helper()
	b.do("pressing keys", chromedp.KeyEvent(keys))
}

// mostTabs is how often somebody would press Tab to get somewhere.
const mostTabs = 40

// tabTo presses Tab until the focus is, to be seen, on what shows exactly this text.
func (b *tab) tabTo(text string) {
	b.t.Helper()
	var here string
	for range mostTabs {
		b.keys(kb.Tab)
		b.do("reading the focus", chromedp.Evaluate(`(() => {
			const at = document.activeElement;
			return getComputedStyle(at).outlineStyle === "none" ? "nothing to be seen" : at.innerText.trim().replace(/\s+/g, " ");
		})()`, &here))
		if here == text {
			return
		}
	}
	b.t.Fatalf("%d times Tab led to %q, not to %q\n%s", mostTabs, here, text, b.text())
}
