package email

import "github.com/accede/accede/plugins"

// noteSheet is a follow-up in a request's thread.
func noteSheet(n plugins.Note) sheet {
	c := n.Card
	s := sheet{
		subject: subject(c), heading: heading(c), tone: tone(c.State), link: openable(c.URL), linkText: linkText(c), small: small(c),
	}
	sentence, reason := voice().Note(n)
	s.standing = sentence
	switch n.Kind {
	case plugins.NoteReview:
		s.standing, s.quotes = voice().Standing(c), reviewed(n)
	case plugins.NoteOutcome:
		if reason != "" {
			s.quotes = []quote{said("Reason", reason, maxReason)}
		}
	case plugins.NoteAccessStarted:
		s.tone = toneGood
	case plugins.NoteAccessEnding:
		s.tone = toneWaiting
	}
	return s
}

// reviewed tells the other reviewers that somebody spoke.
func reviewed(n plugins.Note) []quote {
	if n.Review == nil {
		return nil
	}
	return []quote{said(voice().Review(*n.Review), n.Review.Reason, maxReason)}
}
