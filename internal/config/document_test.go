package config_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/internal/config"
)

const stream = `# people
kind: user
name: alice
---
---
# nobody here
--- # roles
kind: role
text: |
  not a marker: ---
   ---
---
{kind: role, nme: dba}
`

func TestDocumentsKeepLinesAndSkipEmptyOnes(t *testing.T) {
	docs, err := config.Documents("all.yaml", []byte(stream))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	var kinds []string
	for _, doc := range docs {
		var head struct{ Kind string }
		if err := doc.Peek(&head); err != nil {
			t.Fatal(err)
		}
		lines, kinds = append(lines, doc.Line), append(kinds, head.Kind)
	}
	if diff := cmp.Diff([]int{1, 7, 12}, lines); diff != "" {
		t.Errorf("lines: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"user", "role", "role"}, kinds); diff != "" {
		t.Errorf("kinds: -want +got:\n%s", diff)
	}
	var role struct{ Kind, Name string }
	err = docs[2].Decode(&role)
	var located *config.Error
	if !errors.As(err, &located) || located.Line != 13 || located.Name != "all.yaml" {
		t.Errorf("error %v, want one on line 13", err)
	}
}

func TestDocumentsReportSyntaxErrorsInLaterDocuments(t *testing.T) {
	_, err := config.Documents("all.yaml", []byte("a: 1\n---\nb: 2\n---\nc: [\n"))
	var located *config.Error
	if !errors.As(err, &located) || located.Line != 5 {
		t.Errorf("error %v, want one on line 5", err)
	}
}

func TestDocumentsOfNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# x", "---", "---\n---\n", "..."} {
		if docs, err := config.Documents("a", []byte(text)); err != nil || len(docs) != 0 {
			t.Errorf("%q: %d documents, %v", text, len(docs), err)
		}
	}
}

func TestDurationRoundTrips(t *testing.T) {
	type holder struct {
		D config.Duration `json:"d" yaml:"d"`
	}
	want := holder{D: config.Duration(90 * time.Minute)}
	asJSON, err := json.Marshal(want)
	if err != nil || string(asJSON) != `{"d":"1h30m0s"}` {
		t.Fatalf("%s, %v", asJSON, err)
	}
	asYAML, err := yaml.Marshal(want)
	if err != nil || string(asYAML) != "d: 1h30m0s\n" {
		t.Fatalf("%s, %v", asYAML, err)
	}
	var fromJSON, fromYAML holder
	if err := json.Unmarshal(asJSON, &fromJSON); err != nil || fromJSON != want {
		t.Errorf("JSON: %v, %v", fromJSON, err)
	}
	if err := yaml.Unmarshal(asYAML, &fromYAML); err != nil || fromYAML != want {
		t.Errorf("YAML: %v, %v", fromYAML, err)
	}
	if want.D.Std() != 90*time.Minute {
		t.Errorf("Std() = %v", want.D.Std())
	}
}

func TestProblemsNest(t *testing.T) {
	var inner, outer config.Problems
	inner.Add("name", "is missing")
	inner.Add("", "is odd")
	outer.In("plugins[1]", inner.Err())
	outer.In("store", errors.New("is read-only"))
	outer.In("fine", nil)
	want := "3 problems\n  plugins[1].name: is missing\n  plugins[1]: is odd\n  store: is read-only"
	if got := outer.Err().Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if (&config.Problems{}).Err() != nil {
		t.Error("no problems are an error")
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		full, stream, "", "a: &a 1\nb: *a\n", "<<: *x", "? - a\n: b", "!!binary x", "%YAML 1.2\n---\na", "timeout: !!int 3",
		"timeout: &x 3s\nlisten: *x", "a: >\n b\n", "\ufeffa: 1", strings.Repeat("- [", 40),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		docs, err := config.Documents("fuzz", data)
		if err != nil {
			return
		}
		for _, doc := range docs {
			var anything any
			_ = doc.Peek(&anything)
			_ = doc.Decode(new(settings)) // must return, whatever it says
		}
		_ = config.Decode("fuzz", data, new(settings), env)
	})
}
