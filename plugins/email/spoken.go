package email

import (
	"fmt"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

func reviews(c plugins.Card) []quote {
	list := c.Reviews
	var quotes []quote
	if hidden := len(list) - maxReviewsShown; hidden > 0 {
		list = list[hidden:]
		quotes = append(quotes, quote{line: fmt.Sprintf("%d earlier reviews are shown in Accede only.", hidden)})
	}
	for _, review := range list {
		quotes = append(quotes, spoken(review))
	}
	return quotes
}

// spoken says who said what and why.
func spoken(review v1.Review) quote {
	line := reviewLine(review)
	if !review.Created.IsZero() {
		line += ", " + inUTC(review.Created)
	}
	return said(line, review.Reason, maxReviewReason)
}

func said(line, reason string, limit int) quote {
	q := quote{line: line}
	if strings.TrimSpace(reason) != "" {
		q.words = paragraph(reason, limit)
	}
	return q
}

func reviewLine(review v1.Review) string {
	sign := "✗"
	if review.Verdict == v1.Approve {
		sign = "✓"
	}
	return sign + " " + person(review.Author) + " " + reviewVerb(review)
}

func reviewVerb(review v1.Review) string {
	verb := "denied"
	if review.Verdict == v1.Approve {
		verb = "approved"
	}
	if len(review.Roles) > 0 {
		verb += " " + shown(strings.Join(review.Roles, ", "), maxName)
	}
	if review.Override {
		verb += " as an administrator, overriding the rules"
	}
	return verb
}

// resolution says who ended it and why, unless the last review says so already.
func resolution(c plugins.Card) []quote {
	end := c.Resolution
	if end == nil || end.ReviewID != "" && len(c.Reviews) > 0 {
		return nil
	}
	line := stateSign(end.State) + " " + stateWord(end.State)
	if end.By != nil {
		line += " by " + person(*end.By)
	}
	if end.Override {
		line += ", overriding the rules"
	}
	if !end.At.IsZero() {
		line += ", " + inUTC(end.At)
	}
	return []quote{said(line, end.Reason, maxReviewReason)}
}
