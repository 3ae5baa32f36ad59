package plugintest

import (
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// RequestID is the request that DemoCard is about.
const RequestID = "0192f0c1-2b3c-7d4e-8f50-61728394a5b6"

// DemoCard is what reviewers see of a pending request of Alice's, with what a test changes about it.
func DemoCard(change ...func(*plugins.Card)) plugins.Card {
	card := plugins.Card{
		RequestID: RequestID, Version: 1, Fingerprint: "0011223344556677", Audience: plugins.ForReviewers,
		State: v1.StatePending, Title: "Alice Moreau asks for dba",
		Requester: v1.PersonRef{Name: "alice", DisplayName: "Alice Moreau", Email: "alice@example.com"},
		Roles:     []string{"dba"}, Reason: "ticket #123", Duration: 8 * time.Hour,
		Expires:  time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC),
		Progress: []plugins.Progress{{Name: "managers", Have: 0, Need: 2}},
		URL:      "https://accede.example.com/requests/" + RequestID,
		Actions:  []v1.Verdict{v1.Approve, v1.Deny},
	}
	for _, do := range change {
		do(&card)
	}
	return card
}

// Review is what somebody said about it, and through which plugin.
func Review(by v1.PersonRef, verdict v1.Verdict, reason, via string) v1.Review {
	return v1.Review{
		ID: "review-" + by.Name, Author: by, Verdict: verdict, Reason: reason, Via: via,
		Created: time.Date(2026, 11, 20, 19, 10, 0, 0, time.UTC),
	}
}

// Resolve ends the request of a card.
func Resolve(card *plugins.Card, state v1.State, end v1.Resolution) {
	end.State, end.At = state, time.Date(2026, 11, 20, 19, 12, 0, 0, time.UTC)
	card.State, card.Resolution, card.Actions = state, &end, nil
	card.Version++
}
