package standin

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the style sheet, the script and the frame are part of the binary
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed assets/style.css
var styleSheet string

//go:embed assets/follow.js
var followScript string

//go:embed assets/frame.html
var frameText string

// Frame draws the pages of one stand-in: a title bar, the people to act as, and whatever the vendor's own template
// "content" makes of Page.Content. Nothing is loaded from elsewhere, and the page works without JavaScript.
type Frame struct {
	pages *template.Template
}

// Page is what a frame draws.
type Page struct {
	// Title names the vendor, Subtitle says where one is.
	Title, Subtitle string
	// Follow is the relative address that answers a number which changes whenever the page should be drawn anew.
	Follow string
	// Version is that number at the time of drawing.
	Version uint64
	// People are offered in the "acting as" selector; empty hides it.
	People []Person
	// Keep are further query values that the selector keeps.
	Keep map[string]string
	// Bare leaves the title bar out, for pages shown inside another one.
	Bare bool
	// Faults shows the panel of switches when it is set; FaultsAction is the relative address its form posts to.
	Faults       *Faults
	FaultsAction string
	// Back is the query string that forms lead back to.
	Back string
	// Style and Script are relative addresses of files that the stand-in itself serves; empty for none.
	Style, Script string
	// Content is handed to the template "content".
	Content any
}

// Person is somebody one can act as.
type Person struct {
	ID, Name string
	Selected bool
}

// NewFrame parses a vendor's templates, one of which must be called "content".
func NewFrame(vendorTemplates string, funcs template.FuncMap) (*Frame, error) {
	pages, err := template.New("frame").Funcs(frameFuncs()).Funcs(funcs).Parse(frameText)
	if err != nil {
		return nil, fmt.Errorf("parsing the frame: %w", err)
	}
	if _, err := pages.Parse(vendorTemplates); err != nil {
		return nil, fmt.Errorf("parsing the vendor's templates: %w", err)
	}
	return &Frame{pages: pages}, nil
}

func frameFuncs() template.FuncMap {
	return template.FuncMap{
		"style":    func() template.CSS { return template.CSS(styleSheet) }, //nolint:gosec // our own embedded file, never input
		"script":   func() template.JS { return template.JS(followScript) }, //nolint:gosec // as above
		"faultsOn": func(f *Faults) bool { return !isHealthy(*f) },
		"faultRows": func(f *Faults) []faultRow {
			return rowsOf(f)
		},
	}
}

// securityPolicy allows what the frame itself contains, and the stand-in's own files if the page has any.
func securityPolicy(page Page) string {
	own := ""
	if page.Style != "" || page.Script != "" {
		own = "'self' "
	}
	return "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; frame-src 'self'; " +
		"connect-src 'self'; img-src data:; style-src " + own + hashSource(styleSheet) +
		"; script-src " + own + hashSource(followScript)
}

func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Render draws the page.
func (f *Frame) Render(w http.ResponseWriter, status int, page Page) error {
	var out bytes.Buffer
	if err := f.pages.ExecuteTemplate(&out, "frame", page); err != nil {
		http.Error(w, "the page could not be drawn", http.StatusInternalServerError)
		return fmt.Errorf("drawing the page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", securityPolicy(page))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
	return nil
}

type faultRow struct {
	Name, Label, Step string
	Value             any
}

func rowsOf(f *Faults) []faultRow {
	return []faultRow{
		{"fail_before", "Answer 500, do nothing", "0.01", f.FailBefore},
		{"fail_after", "Do it, then answer 500", "0.01", f.FailAfter},
		{"drop_after", "Do it, then drop the connection", "0.01", f.DropAfter},
		{"truncate_json", "Do it, then send half the answer", "0.01", f.TruncateJSON},
		{"rate_limit", "Answer 429", "0.01", f.RateLimit},
		{"deliver_twice", "Deliver clicks twice", "0.01", f.DeliverTwice},
		{"retry_after", "Wait asked by a 429, seconds", "1", f.RetryAfter},
		{"delay_ms", "Delay every answer, ms", "1", f.DelayMS},
		{"deliver_late_ms", "Delay every click, ms", "1", f.DeliverLateMS},
		{"next", "Only the next so many calls", "1", f.Next},
	}
}

// Guard refuses state-changing requests that a browser sends on behalf of another site. Clients that are no browsers
// pass.
func Guard(next http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(next)
}
