package service

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/policy"
	"github.com/accede/accede/internal/config"
)

func teleportRoles(t *testing.T) (texts []config.Document, roles []v1.Role) {
	t.Helper()
	text, err := os.ReadFile("testdata/roles/teleport.yaml")
	if err != nil {
		t.Fatal(err)
	}
	documents, err := config.Documents("teleport.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	all, err := parseDocuments([]v1.ApplyDocument{{Name: "teleport.yaml", YAML: string(text)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, parsed := range all {
		role, ok := parsed.(roleDocument)
		if !ok {
			t.Fatalf("not a role: %T", parsed)
		}
		roles = append(roles, v1.Role(role))
	}
	return documents, roles
}

// Rule 1.1: role documents written for Teleport load unchanged, and what Accede does not act on is written back as it was.
func TestRule1_1TeleportRolesSurviveARoundTrip(t *testing.T) {
	documents, roles := teleportRoles(t)
	for i, role := range roles {
		var written any
		if err := documents[i].Peek(&written); err != nil {
			t.Fatal(err)
		}
		exported, err := json.Marshal(role)
		if err != nil {
			t.Fatal(err)
		}
		text, err := yaml.JSONToYAML(exported)
		if err != nil {
			t.Fatal(err)
		}
		again, err := config.Documents("export.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		var second v1.Role
		if err := again[0].Decode(&second); err != nil {
			t.Fatal(err)
		}
		if !same(role, second) {
			t.Errorf("%s changes when it is exported and applied", role.Metadata.Name)
		}
		if diff := cmp.Diff(plain(t, written), plain(t, json.RawMessage(exported))); diff != "" {
			t.Errorf("%s (-written +exported):\n%s", role.Metadata.Name, diff)
		}
	}
}

// plain brings a document into the form in which both spellings of what Accede acts on are alike.
func plain(t *testing.T, document any) (value any) {
	t.Helper()
	body, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(`"8h0m0s"`, `"8h"`, `"4d"`, `"96h"`, `"sub_kind":"",`, ``).Replace(string(body))
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// Rule 1.1: what Accede does not act on is named in a warning.
func TestRule1_1WarningNamesKeptFields(t *testing.T) {
	_, roles := teleportRoles(t)
	text := strings.Join(policy.Warnings(roles[0]), "\n")
	for _, field := range []string{
		"metadata.revision", "metadata.id", "spec.allow.logins", "spec.allow.db_names", "spec.deny.logins",
		"spec.allow.request.kubernetes_resources", "spec.allow.review_requests.preview_as_roles", "spec.options.forward_agent",
	} {
		if !strings.Contains(text, field) {
			t.Errorf("warnings do not name %s: %s", field, text)
		}
	}
	for _, field := range []string{"thresholds", "max_session_ttl", "metadata.labels", "claims_to_roles"} {
		if strings.Contains(text, field) {
			t.Errorf("warnings name %s, which has an effect", field)
		}
	}
	if got := policy.Warnings(v1.Role{}); got != nil {
		t.Errorf("an empty role has warnings: %v", got)
	}
}

// Rule 1.1: an unknown field is an error with line and column, at every level.
func TestRule1_1UnknownFields(t *testing.T) {
	for _, test := range []struct{ text, place string }{
		{"kind: role\nversion: v8\nflavour: x\nmetadata: {name: a}\nspec: {}", "3:1"},
		{"kind: role\nversion: v8\nmetadata: {name: a}\nspec:\n  allow:\n    login: [x]", "6:5"},
		{"kind: role\nversion: v8\nmetadata: {name: a}\nspec:\n  options:\n    max_ttl: 8h", "6:5"},
		{"kind: role\nversion: v8\nmetadata: {name: a}\nspec:\n  deny:\n    request:\n      role: [x]", "7:7"},
		{"kind: role\nversion: v8\nmetadata: {name: a}\nspec:\n  allow:\n    review_requests:\n      wher: x", "7:7"},
		{"kind: role\nversion: v8\nmetadata:\n  name: a\n  label: {}\nspec: {}", "5:3"},
		{"kind: role\nversion: v8\nmetadata: {name: a}\nspec:\n  allow:\n    request:\n      thresholds:\n        - aprove: 2", "8:11"},
		{"kind: role\nversion: v8\nmetadata: {name: a}\nspec:\n  allow:\n    request:\n      claims_to_roles:\n        - claims: x", "8:11"},
	} {
		_, err := parseDocuments([]v1.ApplyDocument{{Name: "a.yaml", YAML: test.text}})
		if err == nil || !strings.Contains(err.Error(), "a.yaml:"+test.place) {
			t.Errorf("error %v, want one at %s for\n%s", err, test.place, test.text)
		}
	}
}

// Rule 1.2: durations are read in every form in which role documents write them.
func TestRule1_2Durations(t *testing.T) {
	for text, want := range map[string]string{"8h0m0s": "8h", "4d": "96h", "1w12h": "180h", "90m": "1h30m", "0s": "0s"} {
		got, err := v1.ParseDuration(text)
		if err != nil || got.String() != want {
			t.Errorf("%s is %s with error %v, want %s", text, got, err, want)
		}
	}
	bad := []string{"", "d", "4", "-1d", "d4", "1.5d", "99999w", "1d-2h", "65535w65535d2540400h"}
	for _, text := range bad {
		if d, err := v1.ParseDuration(text); err == nil {
			t.Errorf("%q reads as %s", text, d)
		}
	}
}
