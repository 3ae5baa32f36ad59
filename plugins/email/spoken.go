package email

import (
	"strings"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

func reviews(c plugins.Card) []quote {
	newest, others := wording.Newest(c.Reviews, maxReviewsShown)
	var quotes []quote
	if others != "" {
		quotes = append(quotes, quote{line: others})
	}
	for _, review := range newest {
		quotes = append(quotes, said(voice().ReviewAt(review), review.Reason, maxReviewReason))
	}
	return quotes
}

func said(line, reason string, limit int) quote {
	q := quote{line: line}
	if strings.TrimSpace(reason) != "" {
		q.words = paragraph(reason, limit)
	}
	return q
}

func resolution(c plugins.Card) []quote {
	line, reason := voice().Resolution(c)
	if line == "" {
		return nil
	}
	return []quote{said(line, reason, maxReviewReason)}
}
