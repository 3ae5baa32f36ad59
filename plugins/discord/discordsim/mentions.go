package discordsim

import (
	"regexp"
	"slices"
)

var (
	userMention = regexp.MustCompile(`<@!?([0-9]+)>`)
	roleMention = regexp.MustCompile(`<@&([0-9]+)>`)
	allMention  = regexp.MustCompile(`@(everyone|here)`)
)

// mentions are those whom the content would notify, in the way that allowed_mentions says. Discord reads the raw text, and
// an app without that field mentions whatever it writes.
func (d draft) mentions() (out []string) {
	allows := func(kind, id string) bool {
		if d.AllowedMentions == nil {
			return true
		}
		listed := slices.Contains(d.AllowedMentions.Users, id) || slices.Contains(d.AllowedMentions.Roles, id)
		return listed || slices.Contains(d.AllowedMentions.Parse, kind)
	}
	for _, m := range userMention.FindAllStringSubmatch(d.text(), -1) {
		if allows("users", m[1]) {
			out = append(out, m[1])
		}
	}
	for _, m := range roleMention.FindAllStringSubmatch(d.text(), -1) {
		if allows("roles", m[1]) {
			out = append(out, m[1])
		}
	}
	if allMention.MatchString(d.text()) && allows("everyone", "") {
		out = append(out, "@everyone")
	}
	return out
}
