package catalog_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"testing"

	"github.com/accede/accede/plugins/catalog"
	"github.com/accede/accede/plugins/standin"
)

func TestEveryPluginDescribesItself(t *testing.T) {
	var names []string
	for _, entry := range catalog.All() {
		spec := entry.Spec
		names = append(names, spec.Name)
		if !regexp.MustCompile(`^[a-z][a-z0-9]*$`).MatchString(spec.Name) {
			t.Errorf("name %q: use lower-case letters and digits", spec.Name)
		}
		if spec.Title == "" || len(spec.Example) == 0 || spec.NewConfig == nil || spec.Open == nil {
			t.Errorf("%s: Spec lacks a title, an example, NewConfig or Open", spec.Name)
		}
		found, ok := catalog.Find(spec.Name)
		if !ok || found.Spec.Title != spec.Title {
			t.Errorf("Find(%q) does not find it", spec.Name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names %v: keep them sorted and distinct", names)
	}
	if _, ok := catalog.Find("nobody"); ok {
		t.Error("Find finds a plugin that does not exist")
	}
}

func TestEveryStandInServesAPage(t *testing.T) {
	for _, entry := range catalog.All() {
		vendor, err := entry.StandIn(standin.Options{Seed: 1})
		if err != nil {
			t.Fatalf("%s: %v", entry.Spec.Name, err)
		}
		answer := httptest.NewRecorder()
		vendor.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if answer.Code != http.StatusOK {
			t.Errorf("%s: the page answers %d", entry.Spec.Name, answer.Code)
		}
		if err := vendor.Close(); err != nil {
			t.Errorf("%s: closing: %v", entry.Spec.Name, err)
		}
	}
}
