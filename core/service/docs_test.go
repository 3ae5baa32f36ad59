package service

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	v1 "github.com/accede/accede/api/v1"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// examples are the YAML blocks of a page.
func examples(t *testing.T, page string) (documents []v1.ApplyDocument) {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
		documents = append(documents, v1.ApplyDocument{Name: page, YAML: block[1]})
	}
	return documents
}

// The examples of the documentation load.
func TestDocumentedRolesLoad(t *testing.T) {
	for _, page := range []string{"roles.md", "migrating-from-teleport.md"} {
		documents := examples(t, page)
		if len(documents) == 0 {
			t.Errorf("%s has no example", page)
		}
		if _, err := parseDocuments(documents); err != nil {
			t.Errorf("%s: %v", page, err)
		}
	}
}

// Every key that Accede acts on has an example, and the page names it.
func TestEveryKeyOfARoleHasAnExample(t *testing.T) {
	parsed, err := parseDocuments(examples(t, "roles.md"))
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, document := range parsed {
		role, ok := document.(roleDocument)
		if !ok {
			continue
		}
		body, err := json.Marshal(role.Spec)
		if err != nil {
			t.Fatal(err)
		}
		used = append(used, pathsOf(t, "spec", body)...)
	}
	for _, side := range []string{"allow", "deny"} {
		for _, key := range []string{"request.roles", "request.claims_to_roles", "request.search_as_roles", "request.annotations", "review_requests.roles", "review_requests.where"} {
			want(t, used, "spec."+side+"."+key)
		}
	}
	for _, key := range []string{
		"allow.request.suggested_reviewers", "allow.request.thresholds", "allow.request.require", "allow.request.max_duration",
		"allow.request.access_clock", "allow.request.reason.mode", "allow.request.reason.prompt", "allow.review_requests.claims_to_roles",
		"options.max_session_ttl", "options.request_access", "options.request_prompt",
	} {
		want(t, used, "spec."+key)
	}
}

func want(t *testing.T, used []string, path string) {
	t.Helper()
	if !slices.Contains(used, path) {
		t.Errorf("docs/roles.md has no example of %s", path)
	}
}

// pathsOf lists the dotted paths of all members of an encoded object.
func pathsOf(t *testing.T, path string, body []byte) (paths []string) {
	t.Helper()
	if !strings.HasPrefix(string(body), "{") {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	for name, value := range members {
		paths = append(paths, path+"."+name)
		paths = append(paths, pathsOf(t, path+"."+name, value)...)
	}
	return paths
}
