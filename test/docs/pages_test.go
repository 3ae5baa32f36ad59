package docs

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/accede/accede/core/app"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins/host"
)

func root() string { return filepath.Join("..", "..") }

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root(), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// pages are the texts for users, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"README.md", "CONTRIBUTING.md", "docs/*.md", "docs/plugins/*.md"} {
		found, err := filepath.Glob(filepath.Join(root(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			relative, err := filepath.Rel(root(), path)
			if err != nil {
				t.Fatal(err)
			}
			texts[relative] = read(t, relative)
		}
	}
	if len(texts) < 8 {
		t.Fatalf("found only %d pages; is the root wrong?", len(texts))
	}
	return texts
}

// anchor is what a heading is linked by.
func anchor(heading string) string {
	text := regexp.MustCompile("[^a-z0-9 _-]").ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(strings.TrimSpace(text), " ", "-")
}

func anchors(page string) map[string]bool {
	found := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		found[anchor(heading[1])] = true
	}
	return found
}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|src="([^"]+)"`)
	for path, page := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(page, -1) {
			target := match[1] + match[2]
			if strings.Contains(target, "://") {
				continue
			}
			file, fragment, _ := strings.Cut(target, "#")
			to := filepath.Join(filepath.Dir(path), file)
			if file == "" {
				to = path
			}
			if _, err := os.Stat(filepath.Join(root(), to)); err != nil {
				t.Errorf("%s links to %s, which is not there", path, target)
			} else if fragment != "" && !anchors(read(t, to))[fragment] {
				t.Errorf("%s links to %s, but %s has no such heading", path, target, to)
			}
		}
	}
}

func TestIndexListsEveryPage(t *testing.T) {
	index := read(t, "docs/README.md")
	for path := range pages(t) {
		name, inDocs := strings.CutPrefix(path, "docs/")
		if inDocs && name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md does not list %s", path)
		}
	}
}

func TestEveryConfigurationKeyIsDescribed(t *testing.T) {
	page := read(t, "docs/operations.md")
	for _, settings := range []any{app.Config{}, host.Settings{}} {
		for _, key := range keys(reflect.TypeOf(settings), "") {
			if !strings.Contains(page, "`"+key+"`") {
				t.Errorf("docs/operations.md does not describe %s of %T", key, settings)
			}
		}
	}
}

// keys are the dotted paths of a configuration's fields.
func keys(of reflect.Type, prefix string) []string {
	var list []string
	for i := range of.NumField() {
		field := of.Field(i)
		key := prefix + field.Tag.Get("yaml")
		if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[secret.String]() {
			list = append(list, keys(field.Type, key+".")...)
			continue
		}
		list = append(list, key)
	}
	return list
}

func TestEveryMetricIsDescribedAndEveryDescribedOneIsThere(t *testing.T) {
	page := read(t, "docs/operations.md")
	made := regexp.MustCompile(`f\.(?:counters?|histogram)\("([a-z_]+)"`).FindAllStringSubmatch(read(t, "plugins/host/metrics.go"), -1)
	there := map[string]bool{"accede_build_info": true}
	for _, name := range made {
		there["accede_plugin_"+name[1]] = true
	}
	for _, name := range regexp.MustCompile(`"(accede_[a-z_]+)"`).FindAllStringSubmatch(read(t, "core/httpapi/metrics.go"), -1) {
		there[name[1]] = true
	}
	if len(there) < 15 {
		t.Fatalf("found only the metrics %v", there)
	}
	for name := range there {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/operations.md does not describe the metric %s", name)
		}
	}
	for path, text := range pages(t) {
		for _, name := range regexp.MustCompile("`(accede_[a-z_]+)`").FindAllStringSubmatch(text, -1) {
			if !there[name[1]] {
				t.Errorf("%s names the metric %s, which there is not", path, name[1])
			}
		}
	}
}
