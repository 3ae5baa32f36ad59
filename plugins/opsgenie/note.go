package opsgenie

import "github.com/accede/accede/plugins"

// note draws the short message that belongs to a card, without its marker.
func note(n plugins.Note) string { return ruler.Cut(brief().Note(n), maxNoteText) }
