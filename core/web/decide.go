package web

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

// decisionForm is what was typed into the form.
type decisionForm struct {
	reason, duration, start string
	override                overrideForm
}

// localTime is how browsers send a date and a time of day.
const localTime = "2006-01-02T15:04"

func review(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	id, err := v.requestID()
	if err != nil {
		return err
	}
	form := decisionForm{reason: values.Get("reason"), duration: values.Get("duration"), start: values.Get("start")}
	input, err := reviewInput(values)
	if err != nil {
		return v.refuseOnPage(form, err)
	}
	request, err := v.Service.Review(v.ctx(), v.actor, id, input)
	if err != nil {
		return v.refuseOnPage(form, err)
	}
	v.flash(ui.Good, v.Service.Counted(request, input.Verdict))
	return v.redirect("/requests/" + id)
}

// reviewInput reads a review out of the form. It names what the reader had in front of them, always.
func reviewInput(values url.Values) (v1.ReviewInput, error) {
	verdict, err := verdictOf(values)
	if err != nil {
		return v1.ReviewInput{}, err
	}
	input := v1.ReviewInput{
		Verdict: verdict, Reason: newlines(values.Get("reason")), SeenFingerprint: values.Get("fingerprint"),
	}
	input.SeenVersion, err = strconv.ParseInt(values.Get("version"), 10, 64)
	if err != nil || input.SeenVersion < 1 || input.SeenFingerprint == "" {
		return v1.ReviewInput{}, core.Refuse(v1.CodeRequestChanged,
			"The form did not say what it showed you, so nothing was decided. Look at the request below and decide again.")
	}
	if input.Verdict == v1.Deny {
		return input, nil // what else the form holds is about approving
	}
	if input.MaxDuration, err = durationOf(values.Get("duration")); err != nil {
		return v1.ReviewInput{}, err
	}
	input.AssumeStart, err = startOf(values.Get("start"), values.Get("zone"))
	return input, err
}

// verdictOf is what the pressed button says.
func verdictOf(values url.Values) (v1.Verdict, error) {
	verdict := v1.Verdict(values.Get("verdict"))
	if verdict == "" {
		return "", core.Refuse(v1.CodeInvalid, "Nothing is decided yet. Press the button that says what you decide.")
	}
	return verdict, nil
}

// newlines undoes what browsers make of line ends, which would count towards the limit of bytes.
func newlines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

func durationOf(text string) (v1.Duration, error) {
	if text == "" {
		return 0, nil
	}
	duration, err := v1.ParseDuration(text)
	if err != nil {
		return 0, core.Refuse(v1.CodeInvalid, "%.64q is not a duration; choose one from the list.", text)
	}
	return duration, nil
}

// startOf reads a start in the zone that the page was written in.
func startOf(text, zone string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	place, ok := zoneNamed(zone)
	if !ok {
		return time.Time{}, core.Refuse(v1.CodeInvalid, "The form did not say in which time zone the start is. Load the page again.")
	}
	start, err := time.ParseInLocation(localTime, text, place)
	if err != nil {
		return time.Time{}, core.Refuse(v1.CodeInvalid, "%.64q is not a start; write a date and a time such as 2026-05-04T09:30.", text)
	}
	return start, nil
}

// refuseOnPage shows the request as it is now with the refusal above it and what was typed still there. Refusals that are
// not about the request get a page of their own.
func (v *visit) refuseOnPage(form decisionForm, err error) error {
	refusal, ok := errors.AsType[*core.Error](err)
	if !ok || refusal.Code == v1.CodeInternal || refusal.Code == v1.CodeUnavailable || refusal.Code == v1.CodeNotFound {
		return notVisible(err)
	}
	status, _ := kindOf(refusal.Code)
	return v.showRequest(status, form, []ui.Notice{{Tone: ui.Bad, Text: refusal.Message}})
}

func withdraw(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	id, err := v.requestID()
	if err != nil {
		return err
	}
	input := v1.WithdrawInput{Reason: newlines(values.Get("reason"))}
	if _, err := v.Service.Withdraw(v.ctx(), v.actor, id, input); err != nil {
		return v.refuseOnPage(decisionForm{}, err)
	}
	v.flash(ui.Plain, "You have taken this request back.")
	return v.redirect("/requests/" + id)
}

func use(v *visit) error {
	id, err := v.requestID()
	if err != nil {
		return err
	}
	if _, err := v.Service.Use(v.ctx(), v.actor, id); err != nil {
		return v.refuseOnPage(decisionForm{}, err)
	}
	v.flash(ui.Good, "Your access has begun.")
	return v.redirect("/requests/" + id)
}

// shorter lists the durations that are less than what was asked.
func shorter(request v1.Request) []ui.Choice {
	length := request.Length().Std()
	choices := []ui.Choice{{Value: "", Text: "As asked: " + ui.Span(length)}}
	for _, span := range spansBelow(length) {
		choices = append(choices, ui.Choice{Value: v1.Duration(span).String(), Text: ui.Span(span)})
	}
	return choices
}

// spansBelow are the usual durations that are shorter than a limit.
func spansBelow(limit time.Duration) []time.Duration {
	const day = 24 * time.Hour
	all := []time.Duration{
		14 * day, 7 * day, 3 * day, 2 * day, day, 12 * time.Hour, 8 * time.Hour, 4 * time.Hour, 2 * time.Hour, time.Hour,
		30 * time.Minute, 15 * time.Minute,
	}
	return slices.DeleteFunc(all, func(span time.Duration) bool { return span >= limit })
}
