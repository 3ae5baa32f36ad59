package jira

import "github.com/accede/accede/plugins/wording"

// ruler counts text as Jira does.
const ruler = wording.UTF16

func voice() wording.Voice {
	return wording.Voice{Label: oneLine, Name: maxName, Roles: maxRoles, Tail: maxProgress}
}

func oneLine(text string, limit int) string { return ruler.OneLine(text, limit) }
