package main

import (
	_ "embed" // the index page is part of the binary
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/accede/accede/plugins/catalog"
	"github.com/accede/accede/plugins/standin"
)

//go:embed assets/index.html
var indexTemplates string

// sandbox serves all stand-ins under their names, and the index.
type sandbox struct {
	mux      *http.ServeMux
	frame    *standin.Frame
	logger   *slog.Logger
	standIns []mounted
	once     sync.Once
}

// mounted is one vendor that the sandbox stands in for.
type mounted struct {
	name, title string
	catalog.StandIn
}

func newSandbox(set settings, logger *slog.Logger) (*sandbox, error) {
	frame, err := standin.NewFrame(indexTemplates, nil)
	if err != nil {
		return nil, fmt.Errorf("preparing the index: %w", err)
	}
	box := &sandbox{mux: http.NewServeMux(), frame: frame, logger: logger}
	for i, e := range catalog.All() {
		if e.StandIn == nil {
			continue // a plugin whose vendor nobody stands in for yet
		}
		name := e.Spec.Name
		vendor, err := e.StandIn(set.options(name, uint64(i), logger))
		if err != nil {
			box.close()
			return nil, fmt.Errorf("starting the stand-in of %s: %w", e.Spec.Title, err)
		}
		box.mux.Handle("/"+name+"/", http.StripPrefix("/"+name, vendor))
		box.standIns = append(box.standIns, mounted{name: name, title: e.Spec.Title, StandIn: vendor})
	}
	box.mux.HandleFunc("GET /healthz", healthy)
	box.mux.HandleFunc("GET /{$}", box.index)
	return box, nil
}

func (s settings) options(name string, index uint64, logger *slog.Logger) standin.Options {
	opts := standin.Options{Logger: logger.With("stand_in", name), Seed: s.seed + index, CallbackURL: *s.callbacks[name]}
	if side := s.sides[name]; side != nil {
		opts.SideListen = *side
	}
	if s.external != "" {
		opts.BaseURL = strings.TrimRight(s.external, "/") + "/" + name
	}
	return opts
}

// ServeHTTP serves the stand-ins and the index.
func (b *sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.mux.ServeHTTP(w, r) }

// close ends what the stand-ins still have under way.
func (b *sandbox) close() {
	b.once.Do(func() {
		for _, s := range b.standIns {
			if err := s.Close(); err != nil {
				b.logger.Warn("a stand-in did not close", "stand_in", s.name, "err", err)
			}
		}
	})
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
}

// indexPage is what the template "content" draws: one person's view of every vendor, side by side.
type indexPage struct {
	Person string
	Views  []vendorView
}

type vendorView struct{ Vendor, Src, Open string }

// onlookers are the demo's people by the name under which every stand-in knows them.
func onlookers() []standin.Person {
	return []standin.Person{
		{ID: "ivan", Name: "Ivan, who decides"},
		{ID: "bob", Name: "Bob, who decides"},
		{ID: "alice", Name: "Alice, who asks"},
		{ID: "carol", Name: "Carol, not connected"},
	}
}

func (b *sandbox) index(w http.ResponseWriter, r *http.Request) {
	people := onlookers()
	at := max(0, slices.IndexFunc(people, func(p standin.Person) bool { return p.ID == r.URL.Query().Get("as") }))
	people[at].Selected = true
	page := indexPage{Person: people[at].Name}
	as := url.Values{"as": {people[at].ID}}
	bare := url.Values{"as": {people[at].ID}, "bare": {"1"}}
	for _, s := range b.standIns {
		page.Views = append(page.Views, vendorView{
			Vendor: s.title, Open: s.name + "/?" + as.Encode(), Src: s.name + "/?" + bare.Encode(),
		})
	}
	err := b.frame.Render(w, http.StatusOK, standin.Page{
		Title: "Accede sandbox", Subtitle: "every vendor, side by side", People: people, Content: page,
	})
	if err != nil {
		b.logger.Error("the index could not be drawn", "err", err)
	}
}
