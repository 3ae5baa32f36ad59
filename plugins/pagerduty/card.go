package pagerduty

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// PagerDuty documents no limits for titles and details through the REST API; these are sizes that it is known to take, and
// that a telephone still shows.
const (
	maxTitle    = 250
	maxName     = 120
	maxRoles    = 1200
	maxReason   = 4200
	maxWords    = 600
	maxSaid     = 6
	maxNoteText = 1800
)

func brief() wording.Brief {
	return wording.Brief{
		Voice: wording.Voice{Label: oneLine, Name: maxName, Roles: maxRoles}, Quote: quoted,
		Room: maxName, Reason: maxReason, Words: maxWords, Most: maxSaid,
	}
}

// title is what people see on their telephone.
func title(c plugins.Card) string { return brief().Title(c, maxTitle) }

// details is what the incident says about the request. PagerDuty never changes it, so the fingerprint at its end is the
// one of what was shown here.
func details(c plugins.Card, config *Config) string {
	return strings.Join([]string{brief().Story(c), howToDecide(c, config), brief().Footer(c)}, "\n\n")
}

// howToDecide tells what people can do. A card without buttons is decided in the core even if others are not.
func howToDecide(c plugins.Card, config *Config) string {
	link := brief().Way(c)
	if c.State != v1.StatePending {
		return link
	}
	if len(c.Actions) == 0 || len(config.DecideBy) == 0 {
		return link + "\nDecide there. Acknowledging or resolving this incident decides nothing."
	}
	var ways []string
	for _, way := range config.DecideBy {
		ways = append(ways, wayInWords(way, config))
	}
	return link + "\nDecide there, or here: " + strings.Join(ways, "; or ") + ". Acknowledging or resolving this incident decides nothing."
}

func wayInWords(way Way, config *Config) string {
	switch way {
	case ByWorkflow:
		return "run the workflow that approves or the one that denies"
	case ByField:
		return "set the field " + config.Field + " to approve or deny"
	default:
		return "write a note that says /approve or /deny and nothing else"
	}
}
