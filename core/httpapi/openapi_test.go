package httpapi_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/core/httpapi"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

// documentPath is where the OpenAPI document is published.
const documentPath = "../../docs/openapi.json"

func TestDocumentIsCurrent(t *testing.T) {
	want, err := httpapi.Document()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(documentPath, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/openapi.json is not what the handlers say; run `make generate`: -want +got\n%s", diff)
	}
}

// TestManualListsEveryOperation holds docs/api.md to the operations and codes there are.
func TestManualListsEveryOperation(t *testing.T) {
	manual, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	document, err := httpapi.Document()
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(document, &described); err != nil {
		t.Fatal(err)
	}
	listed := 0
	for path, methods := range described.Paths {
		for method := range methods {
			listed++
			if row := "| `" + strings.ToUpper(method) + " " + path + "` |"; !strings.Contains(string(manual), row) {
				t.Errorf("docs/api.md lacks a row %s", row)
			}
		}
	}
	if listed < 30 {
		t.Errorf("the document describes only %d operations", listed)
	}
	for _, code := range codesOfAPI(t) {
		if !strings.Contains(string(manual), "`"+string(code)+"`") {
			t.Errorf("docs/api.md lacks the code %s", code)
		}
	}
}
