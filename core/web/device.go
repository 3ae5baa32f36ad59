package web

import (
	"net/http"
	"strings"
)

// deviceOf says in two words what a browser calls itself, such as "Firefox on Linux"; people tell their sessions by it.
func deviceOf(r *http.Request) string {
	agent := r.UserAgent()
	browser := firstIn(agent, []known{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"Firefox/", "Firefox"},
		{"FxiOS", "Firefox"},
		{"CriOS", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	}, "A browser")
	system := firstIn(agent, []known{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"},
		{"Linux", "Linux"},
	}, "")
	if system == "" {
		return browser
	}
	return browser + " on " + system
}

type known struct{ mark, name string }

func firstIn(agent string, all []known, otherwise string) string {
	for _, one := range all {
		if strings.Contains(agent, one.mark) {
			return one.name
		}
	}
	return otherwise
}
