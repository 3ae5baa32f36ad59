package jira

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// Jira's limits, in characters: a summary holds 255, a description or comment 32,767
// (https://support.atlassian.com/jira-cloud-administration/docs/issue-field-character-limits/). Ours are sized so that an
// issue in which everything is full, and escaped, stays below.
const (
	maxSummary      = 255
	maxName         = 120
	maxRoles        = 1200
	maxProgress     = 900
	maxReason       = 2800
	maxReviewReason = 300
	maxReviewsShown = 6
	maxNotes        = 5
	maxNote         = 400
	maxAddress      = 500
	// maxLines bounds the lines of one quotation.
	maxLines = 60
)

// statusNames are what people call the statuses in which they decide; empty where they are not known.
type statusNames struct{ approved, denied string }

func summary(c plugins.Card) string {
	if title := oneLine(c.Title, maxSummary); title != "" {
		return title
	}
	return "A request for access"
}

// describe draws a request's card.
func describe(c plugins.Card, names statusNames) document {
	d := document{line(strong(voice().Standing(c)))}
	d = append(d, facts(c)...)
	if strings.TrimSpace(c.Reason) != "" {
		d = append(d, line(strong("Reason")), quote(c.Reason, maxReason))
	}
	d = append(d, reviews(c)...)
	d = append(d, resolution(c)...)
	d = append(d, notes(c)...)
	if c.State == v1.StatePending && len(c.Actions) > 0 {
		d = append(d, line(say(howTo(names))))
	}
	return append(d, signature(c))
}

// notes are what people should know besides.
func notes(c plugins.Card) []paragraph {
	var found []paragraph
	for _, text := range c.Notes[max(0, len(c.Notes)-maxNotes):] {
		found = append(found, line(say("Note: "+oneLine(text, maxNote))))
	}
	return found
}

func howTo(names statusNames) string {
	if names.approved == "" || names.denied == "" {
		return "To decide, move this issue to the status for approved or denied. To give a reason, comment before you move it."
	}
	return "To decide, move this issue to “" + names.approved + "” or “" + names.denied +
		"”. To give a reason, comment before you move it."
}

func signature(c plugins.Card) paragraph {
	var parts []words
	if c.URL != "" {
		parts = append(parts, link("Open in Accede", c.URL))
	}
	if c.Fingerprint != "" {
		if len(parts) > 0 {
			parts = append(parts, say(" · "))
		}
		parts = append(parts, say("fingerprint "+plugins.FingerprintShown(oneLine(c.Fingerprint, maxName))))
	}
	if len(parts) == 0 {
		parts = append(parts, say("From Accede"))
	}
	return line(parts...)
}

func facts(c plugins.Card) []paragraph {
	var found []paragraph
	for _, one := range voice().Facts(c) {
		found = append(found, fact(one.Label, one.Shown()))
	}
	return found
}

func reviews(c plugins.Card) []paragraph {
	newest, others := wording.Newest(c.Reviews, maxReviewsShown)
	var found []paragraph
	if others != "" {
		found = append(found, line(say(others)))
	}
	for _, review := range newest {
		found = append(found, said(voice().ReviewAt(review), review.Reason, maxReviewReason)...)
	}
	return found
}

func resolution(c plugins.Card) []paragraph {
	text, reason := voice().Resolution(c)
	if text == "" {
		return nil
	}
	return said(text, reason, maxReviewReason)
}

// said is a sentence of ours, and somebody's words below it.
func said(text, reason string, limit int) []paragraph {
	found := []paragraph{line(say(text))}
	if strings.TrimSpace(reason) != "" {
		found = append(found, quote(reason, limit))
	}
	return found
}
