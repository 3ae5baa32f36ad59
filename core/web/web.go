package web

import (
	_ "embed"
	"html/template"
	"net/http"

	"github.com/google/uuid"
)

//go:embed request.html
var requestPage string

// New returns the handler of the pages below /requests/.
func New() http.Handler {
	page := template.Must(template.New("request").Parse(requestPage))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /requests/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := uuid.Parse(r.PathValue("id"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		_ = page.Execute(w, id.String()) // the reader may have gone
	})
	return mux
}
