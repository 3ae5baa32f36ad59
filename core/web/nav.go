package web

import (
	"net/url"
	"strings"

	"github.com/accede/accede/core/web/ui"
)

// links is the navigation, as far as it concerns the reader. One's own account is reached by one's name.
func (v *visit) links() []ui.Link {
	all := []ui.Link{{Text: "Home", Path: homePath}}
	if count, reviewer := v.countWaiting(); reviewer {
		all = append(all, ui.Link{Text: "Waiting", Path: waitingPath, Counted: true, Count: count})
	}
	all = append(all, ui.Link{Text: "Ask", Path: askPath}, ui.Link{Text: "Requests", Path: historyPath})
	if v.actor.Person.Admin {
		all = append(all, ui.Link{Text: "Administration", Path: pluginsPath})
	}
	return all
}

// entryFor is the path of the navigation's entry to which a page belongs.
func entryFor(path string) string {
	switch {
	case within(path, adminPath):
		return pluginsPath
	case within(path, historyPath):
		return historyPath
	}
	return path
}

const maxPath = 2048

// localPath returns an address on this site, or "/" for everything that could lead elsewhere.
func localPath(path string) string {
	if len(path) > maxPath || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, `\`) {
		return "/"
	}
	for _, r := range path {
		if r < ' ' || r == 0x7f {
			return "/"
		}
	}
	parsed, err := url.Parse(path)
	if err != nil || parsed.Scheme != "" || parsed.Host != "" || parsed.User != nil || strings.HasPrefix(parsed.Path, "//") {
		return "/"
	}
	return path
}
