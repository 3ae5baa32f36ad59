package plugins

import v1 "github.com/accede/accede/api/v1"

// NoteKind says what a note is about.
type NoteKind string

// The kinds of note.
const (
	// NoteReview tells reviewers that somebody spoke.
	NoteReview NoteKind = "review"
	// NoteOutcome tells the requester how it ended. It has to be noticed: a vendor that tells nobody about replies in a
	// thread posts it where it will be seen.
	NoteOutcome NoteKind = "outcome"
)

// Note is a short message that belongs to a card.
type Note struct {
	Kind NoteKind
	Card Card
	// Review is the review a NoteReview is about.
	Review *v1.Review
}
