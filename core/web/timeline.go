package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

// moment is one entry of a request's timeline.
type moment struct {
	at   time.Time
	tone ui.Tone
	// who, if a person did it, comes before what.
	who, what string
	quote     string
	notes     []string
	// minor marks what happened around a request rather than to it.
	minor bool
}

// moments tells everything that happened to a request, oldest first.
func moments(request v1.Request, shown []v1.Delivery) []moment {
	list := []moment{{at: request.Created, who: request.Requester.Shown(), what: "asked"}}
	for _, review := range request.Reviews {
		list = append(list, reviewed(request, review))
	}
	list = append(list, resolved(request)...)
	list = append(list, accessed(request)...)
	list = append(list, deliveries(shown)...)
	slices.SortStableFunc(list, func(a, b moment) int { return a.at.Compare(b.at) })
	return list
}

func reviewed(request v1.Request, review v1.Review) moment {
	m := moment{at: review.Created, who: review.Author.Shown(), what: "approved " + through(review.Via), tone: ui.Good, quote: review.Reason}
	if review.Verdict == v1.Deny {
		m.what, m.tone = "denied "+through(review.Via), ui.Bad
	}
	if review.Override {
		m.notes = append(m.notes, "An override by an administrator, past all rules")
	}
	if len(review.Roles) > 0 && len(review.Roles) < len(request.Roles) {
		m.notes = append(m.notes, "Only "+strings.Join(review.Roles, ", "))
	}
	if review.NoEffect() {
		m.notes = append(m.notes, "Matches no threshold and has no effect")
	}
	for _, i := range review.Thresholds {
		if i < len(request.Thresholds) && request.Thresholds[i].Name != "" {
			m.notes = append(m.notes, "Counts for "+request.Thresholds[i].Name)
		}
	}
	if review.MaxDuration > 0 {
		m.notes = append(m.notes, "Shortened to "+ui.Span(review.MaxDuration.Std()))
	}
	for _, key := range sortedKeys(review.Annotations) {
		m.notes = append(m.notes, key+": "+strings.Join(review.Annotations[key], ", "))
	}
	return m
}

func sortedKeys(annotations map[string][]string) []string {
	keys := make([]string, 0, len(annotations))
	for key := range annotations {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// through names the door of a review.
func through(via string) string {
	switch via {
	case v1.ViaCLI:
		return "by command line"
	case v1.ViaWeb:
		return "here"
	case v1.ViaAPI, "":
		return "through the API"
	default:
		return "in " + vendorTitle(via)
	}
}

func resolved(request v1.Request) []moment {
	resolution := request.Resolution
	if resolution == nil {
		return nil
	}
	m := moment{at: resolution.At, what: strings.ToLower(string(resolution.State)), tone: toneOf(resolution.State)}
	switch resolution.State {
	case v1.StateApproved:
		m.what = "Approved"
	case v1.StateDenied:
		m.what = "Denied"
	case v1.StateExpired:
		m.what = "Expired, because nobody decided in time"
	case v1.StateWithdrawn:
		m.what, m.quote = "took the request back", resolution.Reason
		if resolution.By != nil {
			m.who = resolution.By.Shown()
		}
	default:
	}
	return []moment{m}
}

func toneOf(state v1.State) ui.Tone {
	switch state {
	case v1.StatePending:
		return ui.Wait
	case v1.StateApproved:
		return ui.Good
	case v1.StateDenied:
		return ui.Bad
	default:
		return ui.Plain
	}
}

func accessed(request v1.Request) []moment {
	access := request.Access
	if access == nil {
		return nil
	}
	var list []moment
	if access.Started != nil {
		list = append(list, moment{at: *access.Started, what: "Access began", tone: ui.Good})
	}
	if access.Reminded != nil {
		list = append(list, moment{at: *access.Reminded, what: "Reminder that the access ends soon", minor: true})
	}
	if access.Ended == nil {
		return list
	}
	end := moment{at: *access.Ended, what: "Access ended", quote: access.EndReason}
	if access.EndedBy != core.EndedByExpiry {
		end.what += " by " + access.EndedBy
	}
	return append(list, end)
}

// deliveries tells where a request was shown. What one plugin did of a kind in the same minute is one entry.
func deliveries(shown []v1.Delivery) []moment {
	type group struct {
		plugin, what string
		minute       time.Time
	}
	places := map[group][]v1.Delivery{}
	for _, delivery := range shown {
		key := group{delivery.Plugin, deliveryText(delivery), delivery.FirstTried.Truncate(time.Minute)}
		places[key] = append(places[key], delivery)
	}
	list := make([]moment, 0, len(places))
	for key, found := range places {
		m := moment{at: found[0].FirstTried, what: key.what + " " + vendorTitle(key.plugin) + ": " + placeNames(found), minor: true}
		for _, delivery := range found {
			if delivery.LastError != "" && delivery.State == v1.DeliveryParked {
				m.notes = append(m.notes, delivery.LastError)
			}
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b moment) int { return cmp.Compare(a.what, b.what) })
	return list
}

func deliveryText(delivery v1.Delivery) string {
	what := "Message"
	switch {
	case delivery.Slot == v1.SlotCard:
		what = "Card"
	case delivery.Slot == v1.SlotOutcome:
		what = "Outcome"
	case strings.HasPrefix(delivery.Slot, v1.SlotReviewPrefix):
		what = "Review"
	}
	switch delivery.State {
	case v1.DeliveryPosted:
		return what + " shown in"
	case v1.DeliveryParked, v1.DeliveryDropped:
		return what + " could not be shown in"
	default:
		return what + " on its way to"
	}
}

const maxPlaces = 8

func placeNames(found []v1.Delivery) string {
	var names []string
	for _, delivery := range found {
		name := cmp.Or(delivery.DestinationName, delivery.Destination)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > maxPlaces {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxPlaces], ", "), len(names)-maxPlaces)
	}
	return strings.Join(names, ", ")
}
