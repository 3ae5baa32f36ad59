package pagerduty

import (
	"context"
	"fmt"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// OnCall returns who is on call now on a schedule, of every level. The level is that of the escalation policy; a schedule
// in several policies has a shift for each of its levels. A schedule that no policy uses calls nobody, and has none.
func (b *bot) OnCall(ctx context.Context, schedule string) ([]plugins.Shift, error) {
	if !objectID.MatchString(schedule) {
		return nil, &plugins.Error{
			Op: "looking up schedule", Kind: plugins.NotFound,
			Public: fmt.Sprintf("%q is no id of a PagerDuty schedule; it is at the end of the address of the schedule's page, "+
				"such as PI7DH85. Names are not taken: they can be changed.", oneLine(schedule, maxName)),
		}
	}
	now := b.now()
	rows, err := b.api.onCalls(ctx, schedule)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return b.notListed(ctx, schedule, now)
	}
	var shifts []plugins.Shift
	for _, row := range rows {
		if row.covers(now) && b.policyCounts(row.policy) {
			shifts = append(shifts, row.shift())
		}
	}
	return distinct(shifts), nil
}

func (b *bot) policyCounts(policy string) bool {
	return len(b.config.OnCallPolicies) == 0 || slices.Contains(b.config.OnCallPolicies, policy)
}

// onCall is one row of PagerDuty's list of who is on call.
type onCall struct {
	user, schedule thing
	policy         string
	level          int
	from, until    time.Time
}

// covers is true also for a row without times, of somebody who is always on call. A shift that ends now has ended.
func (o onCall) covers(now time.Time) bool {
	return (o.from.IsZero() || !o.from.After(now)) && (o.until.IsZero() || now.Before(o.until))
}

func (o onCall) shift() plugins.Shift {
	return plugins.Shift{
		Schedule: o.schedule.ID, ScheduleName: o.schedule.named(), Level: o.level, User: o.user.ID, UserName: o.user.named(),
		Until: o.until,
	}
}

// distinct keeps one shift per person and level, the one that ends first: several policies repeat them.
func distinct(shifts []plugins.Shift) []plugins.Shift {
	slices.SortStableFunc(shifts, func(a, b plugins.Shift) int {
		if a.Level != b.Level {
			return a.Level - b.Level
		}
		return a.Until.Compare(b.Until)
	})
	var out []plugins.Shift
	for _, shift := range shifts {
		if !slices.ContainsFunc(out, func(s plugins.Shift) bool { return s.User == shift.User && s.Level == shift.Level }) {
			out = append(out, shift)
		}
	}
	return out
}

// notListed looks at a schedule for which PagerDuty lists nobody: it may be empty or unused, it may not exist, or it is one
// of the newer, shift-based ones, of which PagerDuty does not say whether they are listed.
func (b *bot) notListed(ctx context.Context, schedule string, now time.Time) ([]plugins.Shift, error) {
	found, shiftBased, err := b.api.shiftBased(ctx, schedule, now)
	if err != nil {
		return nil, err
	}
	if !shiftBased {
		return nil, b.api.scheduleExists(ctx, schedule)
	}
	return b.assigned(ctx, found, now)
}

// assigned turns the assignments of a shift-based schedule into shifts, with the levels of its escalation policies.
func (b *bot) assigned(ctx context.Context, s schedule, now time.Time) ([]plugins.Shift, error) {
	var present []assignment
	for _, a := range s.Final.Assignments {
		if a.Member.Type == "user_member" && a.Member.User != "" && !a.Start.After(now) && now.Before(a.End) {
			present = append(present, a)
		}
	}
	if len(present) == 0 {
		return nil, nil
	}
	levels, err := b.levels(ctx, s)
	if err != nil {
		return nil, err
	}
	var shifts []plugins.Shift
	for _, a := range present {
		name, err := b.api.userName(ctx, a.Member.User)
		if err != nil {
			return nil, err
		}
		for _, level := range levels {
			shifts = append(shifts, plugins.Shift{
				Schedule: s.ID, ScheduleName: s.Name, Level: level, User: a.Member.User, UserName: name, Until: a.End,
			})
		}
	}
	return distinct(shifts), nil
}

// levels are the levels at which escalation policies call a schedule.
func (b *bot) levels(ctx context.Context, s schedule) ([]int, error) {
	var levels []int
	for _, policy := range s.Policies {
		if !b.policyCounts(policy.ID) {
			continue
		}
		found, err := b.api.levelsOf(ctx, policy.ID, s.ID)
		if err != nil {
			return nil, err
		}
		levels = append(levels, found...)
	}
	if len(levels) == 0 {
		b.log.Info("schedule is in no escalation policy that counts, so nobody on it is on call", "schedule", s.ID)
	}
	return levels, nil
}

// Account returns the id of the one user with the person's e-mail address.
func (b *bot) Account(ctx context.Context, person v1.PersonRef) (string, bool, error) {
	if person.Email == "" {
		return "", false, nil
	}
	found, err := b.api.usersWithEmail(ctx, person.Email)
	if err != nil || len(found) != 1 {
		return "", false, err
	}
	return found[0].ID, true, nil
}
