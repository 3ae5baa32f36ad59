package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	opOnCall = "on_call"
	// parallelSchedules bounds how many schedules of one request are asked about at a time.
	parallelSchedules = 4
	// shownSchedules bounds how many schedules a note explains.
	shownSchedules = 5
)

// What an on-call look is recorded as.
const (
	onCallReviewed plugins.Ref = "accede:on-call-reviewed"
	onCallDeclined plugins.Ref = "accede:on-call-declined"
)

// reviewOnCall reviews for a requester who is on call on one of the schedules that the request's annotations name. The
// ledger sees to it that one replica looks, and that it looks again if the vendor could not say.
func (h *Host) reviewOnCall(ctx context.Context, request v1.Request) verdict {
	schedules := request.Schedules(h.spec.Name)
	if h.can.OnCaller == nil || request.State.Resolved() || len(schedules) == 0 {
		return verdict{}
	}
	look := h.job(request, target{Destination: plugins.Destination{ID: v1.OnCallDestination, Name: v1.OnCallDestination}},
		v1.SlotOnCall, opOnCall)
	look.version, look.repeatable = firstVersion, true
	look.post = func(ctx context.Context, _ string) (plugins.Ref, error) { return h.lookOnCall(ctx, request, schedules) }
	return verdictOf(h.deliverer.bring(ctx, look))
}

// lookOnCall asks about each schedule by itself: one that fails hides no other, and is never a yes.
func (h *Host) lookOnCall(ctx context.Context, request v1.Request, schedules []string) (plugins.Ref, error) {
	users, err := h.vendorUsers(ctx, request.Requester)
	if err != nil {
		return "", errors.Join(err, h.decline(ctx, request, h.spec.Title+" could not be asked who "+request.Requester.Shown()+" is"))
	}
	if len(users) == 0 {
		return onCallDeclined, h.decline(ctx, request, fmt.Sprintf("%s has no one account that belongs to %s",
			h.spec.Title, request.Requester.Shown()))
	}
	findings := h.askSchedules(ctx, schedules, users)
	if at := slices.IndexFunc(findings, func(f finding) bool { return f.shift != nil }); at >= 0 {
		return h.approveOnCall(ctx, request, *findings[at].shift)
	}
	var reasons []string
	var failures []error
	for _, f := range findings {
		reasons = append(reasons, f.reason)
		failures = append(failures, f.err)
	}
	if len(reasons) > shownSchedules {
		reasons = append(reasons[:shownSchedules], fmt.Sprintf("and %d more", len(reasons)-shownSchedules))
	}
	failures = append(failures, h.decline(ctx, request, strings.Join(reasons, "; ")))
	return onCallDeclined, errors.Join(failures...)
}

// vendorUsers returns the requester's accounts at the vendor: the linked ones, else the one with their address.
func (h *Host) vendorUsers(ctx context.Context, person v1.PersonRef) ([]string, error) {
	accounts, err := h.accounts(ctx, []string{person.Name})
	if err != nil {
		return nil, err
	}
	var users []string
	for _, account := range accounts[person.Name] {
		users = append(users, account.User)
	}
	if len(users) > 0 || !h.settings.OnCall.MatchEmail || person.Email == "" {
		return users, nil
	}
	err = h.deliverer.call(ctx, "account", func(ctx context.Context) error {
		id, found, err := h.can.OnCaller.Account(ctx, person)
		if found && err == nil {
			users = []string{id}
		}
		return err
	})
	return users, err
}

// finding is what one schedule says: a shift that counts, or why there is none.
type finding struct {
	shift  *plugins.Shift
	reason string
	// err is set when the schedule could not be asked, so that asking again may help.
	err error
}

func (h *Host) askSchedules(ctx context.Context, schedules, users []string) []finding {
	findings := make([]finding, len(schedules))
	var group errgroup.Group
	group.SetLimit(parallelSchedules)
	for i, schedule := range schedules {
		group.Go(func() error {
			findings[i] = h.askSchedule(ctx, schedule, users)
			return nil
		})
	}
	_ = group.Wait() // what went wrong is in the findings
	return findings
}

func (h *Host) askSchedule(ctx context.Context, schedule string, users []string) finding {
	var shifts []plugins.Shift
	err := h.deliverer.call(ctx, opOnCall, func(ctx context.Context) (err error) {
		shifts, err = h.can.OnCaller.OnCall(ctx, schedule)
		return err
	})
	switch {
	case err != nil && neverFound(plugins.KindOf(err)):
		return finding{reason: fmt.Sprintf("%s has no schedule %q", h.spec.Title, schedule)}
	case err != nil:
		h.logger.Warn("asking who is on call failed", "schedule", schedule, "err", vendorhttp.Redact(err.Error()))
		return finding{reason: fmt.Sprintf("%s could not be asked about schedule %q", h.spec.Title, schedule), err: err}
	default:
		return judgeShifts(schedule, shifts, users, h.settings.OnCall.Levels)
	}
}

// judgeShifts picks the requester's shift that ends last among those of a level that counts.
func judgeShifts(schedule string, shifts []plugins.Shift, users []string, levels []int) finding {
	var best *plugins.Shift
	otherLevel := 0
	name := strconv.Quote(schedule)
	for i, shift := range shifts {
		if shift.ScheduleName != "" {
			name = fmt.Sprintf("%s (%s)", shift.ScheduleName, schedule)
		}
		switch {
		case !slices.Contains(users, shift.User):
		case !slices.Contains(levels, shift.Level):
			otherLevel = shift.Level
		case best == nil || endsLater(shift, *best):
			best = &shifts[i]
		}
	}
	switch {
	case best != nil:
		return finding{shift: best}
	case len(shifts) == 0:
		return finding{reason: "nobody is on call on " + name}
	case otherLevel > 0:
		return finding{reason: fmt.Sprintf("on call on %s only at level %d, and %s", name, otherLevel, levelsText(levels))}
	default:
		return finding{reason: "not on call on " + name}
	}
}

func endsLater(a, b plugins.Shift) bool {
	return !b.Until.IsZero() && (a.Until.IsZero() || a.Until.After(b.Until))
}

func levelsText(levels []int) string {
	if len(levels) == 1 {
		return fmt.Sprintf("only level %d counts", levels[0])
	}
	texts := make([]string, 0, len(levels))
	for _, level := range levels {
		texts = append(texts, strconv.Itoa(level))
	}
	return "only levels " + strings.Join(texts, ", ") + " count"
}

// approveOnCall reviews as the plugin's service user, through the same door as every click.
func (h *Host) approveOnCall(ctx context.Context, request v1.Request, shift plugins.Shift) (plugins.Ref, error) {
	now := time.Now().UTC()
	decision := v1.Decision{
		ID:       v1.DecisionID(h.spec.Name, opOnCall, v1.ServiceUser, request.ID, v1.Approve),
		Identity: v1.ServiceIdentity(h.spec.Name), UserName: h.spec.Title + " on call", RequestID: request.ID,
		Verdict: v1.Approve, Reason: onCallReason(request, shift), SeenVersion: request.Version,
		SeenFingerprint: request.Fingerprint, Made: now, Annotations: onCallEvidence(h.spec.Name, shift, now),
	}
	if left := shift.Until.Sub(now).Truncate(time.Second); h.settings.OnCall.UntilShiftEnd && !shift.Until.IsZero() && left < request.Length().Std() {
		decision.MaxDuration = v1.Duration(max(left, time.Minute))
	}
	outcome, err := h.desk.decide(ctx, decision)
	if err != nil {
		return "", err
	}
	if !outcome.Counted() && outcome.Code != v1.CodeAlreadyReviewed {
		return onCallDeclined, h.decline(ctx, request, "being on call could not approve it: "+outcome.Message)
	}
	h.logger.Info("reviewed for somebody on call", "request_id", request.ID, "schedule", shift.Schedule, "level", shift.Level)
	return onCallReviewed, nil
}

func onCallReason(request v1.Request, shift plugins.Shift) string {
	name := shift.Schedule
	if shift.ScheduleName != "" {
		name = fmt.Sprintf("%s (%s)", shift.ScheduleName, shift.Schedule)
	}
	reason := fmt.Sprintf("%s is on call on %s at level %d", request.Requester.Shown(), name, shift.Level)
	if !shift.Until.IsZero() {
		reason += " until " + shift.Until.UTC().Format("2006-01-02 15:04 UTC")
	}
	return cut(reason+".", v1.MaxReasonBytes)
}

// onCallEvidence is what is kept with the review.
func onCallEvidence(plugin string, shift plugins.Shift, asked time.Time) map[string][]string {
	evidence := map[string][]string{
		"on_call/vendor":   {plugin},
		"on_call/schedule": {shift.Schedule},
		"on_call/level":    {strconv.Itoa(shift.Level)},
		"on_call/user":     {shift.User},
		"on_call/asked":    {asked.Format(time.RFC3339)},
	}
	if shift.ScheduleName != "" {
		evidence["on_call/schedule_name"] = []string{shift.ScheduleName}
	}
	if shift.UserName != "" {
		evidence["on_call/user_name"] = []string{shift.UserName}
	}
	if !shift.Until.IsZero() {
		evidence["on_call/until"] = []string{shift.Until.UTC().Format(time.RFC3339)}
	}
	return evidence
}

// maxNote bounds, in bytes, what the core takes as a note.
const maxNote = 1000

// decline tells everybody who sees the request why being on call did not approve it.
func (h *Host) decline(ctx context.Context, request v1.Request, reason string) error {
	text := cut("No approval for being on call: "+reason+".", maxNote)
	h.logger.Info("no review for being on call", "request_id", request.ID, "reason", reason)
	err := h.deliverer.core.note(ctx, request.ID, text)
	if err != nil && refusedForGood(err) {
		return nil
	}
	return err
}
