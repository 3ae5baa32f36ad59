package servicenow

import "github.com/accede/accede/plugins"

// maxNoteReason leaves a work note well below what a journal takes.
const maxNoteReason = 3000

// noteText is what a note says.
func noteText(n plugins.Note) string {
	sentence, reason := voice().Note(n)
	return sentence + because(reason, maxNoteReason)
}

// signed puts a key at the end of a journal entry, where it can be found again.
func signed(text, key string) string { return text + "\n" + seal(key) }

func seal(key string) string { return "[accede:" + key + "]" }
