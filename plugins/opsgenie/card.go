package opsgenie

import (
	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

const (
	// maxMessage and maxDescription are the services' limits, in characters: https://docs.opsgenie.com/docs/alert-api#create-alert.
	maxMessage     = 130
	maxDescription = 15000
	// The parts of a description are kept so short that all of them fit in.
	maxStanding = 48
	maxName     = 120
	maxRoles    = 1200
	maxReason   = 4200
	maxWords    = 500
	maxSaid     = 5
	maxNoteText = 4000
)

func brief() wording.Brief {
	return wording.Brief{
		Voice: wording.Voice{Label: oneLine, Name: maxName, Roles: maxRoles}, Quote: quoted,
		Room: maxStanding, Reason: maxReason, Words: maxWords, Most: maxSaid,
	}
}

// message is the alert's title, which is what people see on their telephone.
func message(c plugins.Card) string { return brief().Title(c, maxMessage) }

// description is what the alert says about the request. The plugin never changes it afterwards, so the fingerprint at its
// end is the one of what was shown here.
func description(c plugins.Card, buttons bool) string {
	end := "\n\n" + howToDecide(c, buttons) + "\n\n" + brief().Footer(c)
	return ruler.Cut(brief().Story(c), maxDescription-ruler.Length(end)) + end
}

// howToDecide tells what people can do.
func howToDecide(c plugins.Card, buttons bool) string {
	link := brief().Way(c)
	switch {
	case c.State != v1.StatePending:
		return link
	case buttons:
		return link + "\nDecide there, or with the action " + actionApprove + " or " + actionDeny +
			" of this alert. Acknowledging or closing it decides nothing."
	default:
		return link + "\nDecide there. Acknowledging or closing this alert decides nothing."
	}
}
