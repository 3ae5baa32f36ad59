package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

// askView is what the form for a request shows.
type askView struct {
	form  askForm
	can   v1.Capabilities
	offer []offered
	// more is how many other roles there would be to choose from.
	more  int
	wrong problems
	clock ui.Clock

	// previewed says whether request and standing are there: what the form would come to, and who could decide it.
	previewed bool
	request   v1.Request
	standing  v1.Explanation
	// longest is how long the access could last at most; zero if that is not known.
	longest time.Duration
}

// consider works out what the form would come to, and what is wrong with each of its fields.
func (v *visit) consider(view *askView) error {
	if view.form.empty() {
		return nil
	}
	input, wrong := view.form.input()
	for field, text := range wrong {
		view.wrong[field] = text
	}
	for range len(mendable()) + 2 {
		request, standing, err := v.Service.Preview(v.ctx(), v.actor, input)
		if err == nil {
			view.request, view.standing, view.previewed = request, standing, true
			return v.measure(view, input)
		}
		refusal, ok := errors.AsType[*core.Error](err)
		if !ok || refusal.Code == v1.CodeUnavailable || refusal.Code == v1.CodeUnauthenticated {
			return err
		}
		field := v.blame(input, refusal)
		view.wrong[field] = refusal.Message
		if field == whatField {
			return nil
		}
		input = without(input, field) // what else is wrong, and what the rest would come to
	}
	return nil
}

// mendable are the fields without which there would still be a request.
func mendable() []string { return []string{startField, durationField, reviewersField} }

// measure finds how long the access could last if nothing shorter was asked for.
func (v *visit) measure(view *askView, input v1.RequestInput) error {
	if input.MaxDuration == 0 {
		view.longest = view.request.Length().Std()
		return nil
	}
	request, _, err := v.Service.Preview(v.ctx(), v.actor, without(input, durationField))
	if err == nil {
		view.longest = request.Length().Std()
	}
	if core.CodeOf(err) == v1.CodeUnavailable {
		return err
	}
	return nil
}

// blame finds the field that a refusal is about: the one without which it would not be the same.
func (v *visit) blame(input v1.RequestInput, refusal *core.Error) string {
	if refusal.Code == v1.CodeTooLong {
		return reasonField
	}
	for _, field := range mendable() {
		if isSet(input, field) {
			_, _, err := v.Service.Preview(v.ctx(), v.actor, without(input, field))
			if err == nil || err.Error() != refusal.Message {
				return field
			}
		}
	}
	return whatField
}

func isSet(input v1.RequestInput, field string) bool {
	switch field {
	case startField:
		return !input.AssumeStart.IsZero()
	case durationField:
		return input.MaxDuration != 0
	default:
		return len(input.SuggestedReviewers) > 0
	}
}

func without(input v1.RequestInput, field string) v1.RequestInput {
	switch field {
	case reasonField:
		input.Reason = ""
	case startField:
		input.AssumeStart = time.Time{}
	case durationField:
		input.MaxDuration = 0
	case reviewersField:
		input.SuggestedReviewers = nil
	}
	return input
}

// nothing says whether there is nothing that the reader may ask for, and nothing on the form.
func (a askView) nothing() bool {
	return len(a.can.RequestableRoles) == 0 && len(a.can.SearchAsRoles) == 0 && a.form.empty()
}

// prompts are the sentences that say what to write as a reason.
func (a askView) prompts() []string {
	if a.previewed {
		return a.request.Prompts
	}
	return nil
}

// reasonNeeded says whether the request needs a reason.
func (a askView) reasonNeeded() bool {
	needs := func(role string) bool { return slices.Contains(a.can.RolesWithReason, role) }
	return a.can.ReasonRequired || slices.ContainsFunc(a.form.roles, needs)
}

// lengths are the durations to choose from.
func (a askView) lengths() []ui.Choice {
	choices := []ui.Choice{{Value: "", Text: "As long as allowed"}}
	if a.longest > 0 {
		choices[0].Text = ui.Span(a.longest) + " (the most)"
	}
	chosen, longest := a.form.duration, a.longest
	if longest == 0 {
		longest = a.can.Limits.MaxDuration.Std() + 1
	}
	for _, span := range spansBelow(longest) {
		choices = append(choices, ui.Choice{Value: v1.Duration(span).String(), Text: ui.Span(span)})
	}
	known := func(choice ui.Choice) bool { return choice.Value == chosen }
	if !slices.ContainsFunc(choices, known) {
		choices = append(choices, ui.Choice{Value: chosen, Text: chosen})
	}
	return choices
}

// length is the chosen one; what is allowed at most is the same as no choice.
func (a askView) length() string {
	if chosen, err := v1.ParseDuration(a.form.duration); err == nil && a.longest > 0 && chosen.Std() == a.longest {
		return ""
	}
	return a.form.duration
}

// candidate is somebody who could decide the request.
type candidate struct {
	person v1.PersonRef
	chosen bool
}

// mostCandidates is how many people are offered as reviewers; others can be typed.
const mostCandidates = 12

// candidates are people to choose as reviewers, and whoever else was typed.
func (a askView) candidates() (people []candidate, others string) {
	left := slices.Clone(a.form.reviewers)
	for _, ruling := range a.standing.People {
		is := func(name string) bool {
			return name == ruling.Person.Name || ruling.Person.Email != "" && strings.EqualFold(name, ruling.Person.Email)
		}
		chosen := slices.ContainsFunc(left, is)
		if len(people) >= mostCandidates && !chosen {
			continue
		}
		left = slices.DeleteFunc(left, is)
		people = append(people, candidate{ruling.Person, chosen})
	}
	return people, strings.Join(left, ", ")
}

// told are those who are asked first.
func (a askView) told() string { return shownNames(a.request.SuggestedReviewers) }

// deciders are those who could decide.
func (a askView) deciders() string {
	people := make([]v1.PersonRef, 0, len(a.standing.People))
	for _, ruling := range a.standing.People {
		people = append(people, ruling.Person)
	}
	return shownNames(people)
}

func shownNames(people []v1.PersonRef) string {
	names := make([]string, 0, len(people))
	for i, person := range people {
		if i == maxPlaces {
			return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), len(people)-i)
		}
		names = append(names, person.Shown())
	}
	return strings.Join(names, ", ")
}

// mustAgree says rule by rule how many people it takes.
func (a askView) mustAgree() []string {
	var lines []string
	for _, rule := range a.request.Rules {
		var parts []string
		for _, i := range rule.Thresholds {
			parts = append(parts, peopleOf(a.request.Thresholds[i]))
		}
		joined := strings.Join(parts, " or ")
		if rule.Require == v1.RequireAll {
			joined = strings.Join(parts, " and ")
		}
		if len(a.request.Rules) > 1 {
			joined = rule.Role + ": " + joined
		}
		if !slices.Contains(lines, joined) {
			lines = append(lines, joined)
		}
	}
	return lines
}

func peopleOf(threshold v1.Threshold) string {
	text := "1 person"
	if threshold.Approve != 1 {
		text = fmt.Sprintf("%d people", threshold.Approve)
	}
	if threshold.Name != "" {
		text += " (" + threshold.Name + ")"
	}
	return text
}

// tooFew says if there are not enough people to approve the request.
func (a askView) tooFew() bool {
	enough := func(i int) bool {
		count := 0
		for _, ruling := range a.standing.People {
			if slices.Contains(ruling.Counts, i) {
				count++
			}
		}
		return count >= a.request.Thresholds[i].Approve
	}
	for _, rule := range a.request.Rules {
		reached := slices.DeleteFunc(slices.Clone(rule.Thresholds), func(i int) bool { return !enough(i) })
		if len(reached) == 0 || rule.Require == v1.RequireAll && len(reached) < len(rule.Thresholds) {
			return true
		}
	}
	return false
}
