package httpapi_test

import (
	"flag"
	"os"
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
