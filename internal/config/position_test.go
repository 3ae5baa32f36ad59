package config_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/internal/config"
)

func parsed(t *testing.T, text string) config.Document {
	t.Helper()
	docs, err := config.Documents("a.yaml", []byte(text))
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	return docs[0]
}

func TestDecodeAllGoesOnPastFaults(t *testing.T) {
	text := "# first\nreplicas: many\nlistn: x\nplugins:\n  - nme: slack\n    name: [x]\n    url: there\n  - limits: {rate: fast, rte: 2}\ntimeout: never\nstore: &s {path: here, pth: y}\n"
	var got settings
	var places []string
	doc := parsed(t, text)
	for _, err := range doc.DecodeAll(&got) {
		located, ok := err.(*config.Error) //nolint:errorlint // it has to be this type itself
		if !ok {
			t.Fatalf("%v has no place", err)
		}
		places = append(places, fmt.Sprintf("%d:%d", located.Line, located.Column))
	}
	seen := map[string]bool{}
	for _, place := range places {
		seen[place] = true
	}
	for _, want := range []string{"2:11", "3:1", "5:5", "6:11", "8:20", "8:26", "9:10", "10:24"} {
		if !seen[want] {
			t.Errorf("no fault at %s", want)
		}
	}
	if len(places) != 8 {
		t.Errorf("faults at %q", places)
	}
	if got.Store.Path != "here" || len(got.Plugins) != 2 || got.Plugins[0].URL != "there" {
		t.Errorf("what is right was not decoded: %+v", got)
	}
}

func TestAllDocumentsGoesOnPastFaults(t *testing.T) {
	docs, faults := config.AllDocuments("a.yaml", []byte("a: [\n---\nb: 1\n---\nc: '\n"))
	if len(docs) != 1 || docs[0].Line != 2 || len(faults) != 2 {
		t.Errorf("documents %+v, faults %v", docs, faults)
	}
}

func TestErrorAt(t *testing.T) {
	doc := parsed(t, "# a role\nkind: role\nspec:\n  allow: &a\n    roles: [one, {deep: 2}]\n    text: |\n      x\n  empty:\n")
	for path, want := range map[string]string{
		"":                         "2:1 true",
		"kind":                     "2:7 true",
		"spec":                     "3:1 true",
		"spec.allow":               "4:3 true",
		"spec.allow.roles":         "5:5 true",
		"spec.allow.roles[0]":      "5:13 true",
		"spec.allow.roles[1]":      "5:19 true",
		"spec.allow.roles[1].deep": "5:25 true",
		"spec.allow.text":          "6:11 true",
		"spec.allow.roles[2]":      "5:5 false",
		"spec.allow.nothing.here":  "4:3 false",
		"metadata.name":            "2:1 false",
	} {
		err, exact := doc.ErrorAt(path, "is wrong")
		if diff := cmp.Diff(want, fmt.Sprintf("%d:%d %v", err.Line, err.Column, exact)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", path, diff)
		}
	}
}
