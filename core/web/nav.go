package web

import (
	"net/url"
	"strings"

	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

// links is the navigation, as far as it concerns the reader. One's own account is reached by one's name.
func links(core.Actor) []ui.Link { return nil }

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
