package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/test/stack"
)

// block is a YAML block of a page that holds roles or people.
type block struct{ page, yaml string }

func blocks(t *testing.T) []block {
	t.Helper()
	var all []block
	for path, page := range pages(t) {
		for _, found := range fence.FindAllStringSubmatch(page, -1) {
			if found[1] == "yaml" && strings.HasPrefix(found[2], "kind:") {
				all = append(all, block{path, found[2]})
			}
		}
	}
	if len(all) < 4 {
		t.Fatalf("found only %d documents", len(all))
	}
	return all
}

func TestDocumentsDecode(t *testing.T) {
	for _, b := range blocks(t) {
		documents, err := config.Documents(b.page, []byte(b.yaml))
		if err != nil {
			t.Error(err)
		}
		for _, document := range documents {
			var head struct{ Kind string }
			if err := document.Peek(&head); err != nil {
				t.Error(err)
			}
			into := map[string]any{v1.RoleKind: new(v1.Role), v1.PersonDocumentKind: new(v1.PersonDocument)}[head.Kind]
			if into == nil {
				t.Errorf("%s: there are no documents of kind %q", b.page, head.Kind)
			} else if err := document.Decode(into); err != nil {
				t.Error(err)
			}
		}
	}
}

// A core that knows the demo's roles takes every document.
func TestDocumentsAreTaken(t *testing.T) {
	s, err := stack.New(t.Context(), stack.Options{Dir: t.TempDir(), Bin: built, Root: root()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	if err := s.StartCore(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, b := range blocks(t) {
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.yaml", i))
		if err := os.WriteFile(file, []byte(b.yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Admin(t.Context(), "apply", "--dry-run", "-f", file); err != nil {
			t.Errorf("%s: %v\n%s", b.page, err, b.yaml)
		}
	}
}
