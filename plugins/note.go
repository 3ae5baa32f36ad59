package plugins

import v1 "github.com/accede/accede/api/v1"

// NoteKind says what a note is about.
type NoteKind string

// The kinds of note.
const (
	// NoteReview tells reviewers that somebody spoke.
	NoteReview NoteKind = "review"
	// NoteOutcome tells the requester how it ended.
	NoteOutcome NoteKind = "outcome"
	// NoteAccessStarted tells the requester that an access has begun that did not begin when it was granted.
	NoteAccessStarted NoteKind = "access_started"
	// NoteAccessEnding tells the requester that their access ends soon. It may come late, so it names the time and not how
	// long there is left.
	NoteAccessEnding NoteKind = "access_ending"
)

// Noticed says whether a note of this kind has to be noticed: a vendor that tells nobody about replies in a thread posts
// it where it will be seen.
func (k NoteKind) Noticed() bool {
	return k == NoteOutcome || k == NoteAccessStarted || k == NoteAccessEnding
}

// Note is a short message that belongs to a card.
type Note struct {
	Kind NoteKind
	Card Card
	// Review is the review a NoteReview is about.
	Review *v1.Review
}
