package pagerduty

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
)

// onCalls lists who is on call now on a schedule, one row per escalation policy, level and person.
func (a *api) onCalls(ctx context.Context, schedule string) ([]onCall, error) {
	return call(ctx, "asking who is on call", repeatable, func(ctx context.Context) ([]onCall, error) {
		var rows []onCall
		query := url.Values{"schedule_ids[]": {schedule}, "include[]": {"users"}}
		err := a.paged(ctx, "/oncalls", query, func(page json.RawMessage) (bool, error) {
			var got pd.ListOnCallsResponse
			if err := json.Unmarshal(page, &got); err != nil {
				return false, err
			}
			for i := range got.OnCalls {
				if row, ok := newOnCall(&got.OnCalls[i]); ok && row.schedule.ID == schedule {
					rows = append(rows, row)
				}
			}
			return true, nil
		})
		return rows, err
	})
}

// newOnCall reads a row; one whose times cannot be read says nothing.
func newOnCall(row *pd.OnCall) (onCall, bool) {
	from, fromOK := instant(row.Start)
	until, untilOK := instant(row.End)
	name := row.User.Name
	if name == "" {
		name = row.User.Summary
	}
	return onCall{
		user: thing{ID: row.User.ID, Summary: name}, schedule: thing{ID: row.Schedule.ID, Summary: row.Schedule.Summary},
		policy: row.EscalationPolicy.ID, level: int(row.EscalationLevel), from: from, until: until,
	}, fromOK && untilOK && row.User.ID != "" && row.EscalationLevel > 0
}

func instant(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	at, err := time.Parse(time.RFC3339, text)
	return at.UTC(), err == nil
}

// schedule is a shift-based schedule.
type schedule struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Policies []thing `json:"escalation_policies"`
	Final    struct {
		Assignments []assignment `json:"computed_shift_assignments"`
	} `json:"final_schedule"`
}

// assignment is one person's time on a shift-based schedule.
type assignment struct {
	Start  time.Time `json:"start_time"`
	End    time.Time `json:"end_time"`
	Member struct {
		Type string `json:"type"`
		User string `json:"user_id"`
	} `json:"member"`
}

// shiftBased reads a schedule of the newer generation. The second result is false if it is not one.
func (a *api) shiftBased(ctx context.Context, id string, now time.Time) (schedule, bool, error) {
	got, err := call(ctx, "reading shift-based schedule", repeatable, func(ctx context.Context) (schedule, error) {
		var got struct {
			Schedule schedule `json:"schedule"`
		}
		err := a.raw(ctx, http.MethodGet, "/v3/schedules/"+url.PathEscape(id), url.Values{
			"since": {now.UTC().Format(time.RFC3339)}, "until": {now.UTC().Add(time.Second).Format(time.RFC3339)},
			"include[]": {"final_schedule"}, "overflow": {"true"},
		}, nil, &got)
		return got.Schedule, err
	})
	if said(err, http.StatusBadRequest) || said(err, http.StatusNotFound) {
		return schedule{}, false, nil
	}
	return got, err == nil, err
}

// scheduleExists returns an error of kind NotFound if there is no schedule of the older generation with this id.
func (a *api) scheduleExists(ctx context.Context, id string) error {
	_, err := call(ctx, "reading schedule", repeatable, func(ctx context.Context) (*pd.Schedule, error) {
		return a.client.GetScheduleWithContext(ctx, id, pd.GetScheduleOptions{})
	})
	return err
}

// levelsOf are the levels at which a policy calls a schedule.
func (a *api) levelsOf(ctx context.Context, policy, schedule string) ([]int, error) {
	got, err := call(ctx, "reading escalation policy", repeatable, func(ctx context.Context) (*pd.EscalationPolicy, error) {
		return a.client.GetEscalationPolicyWithContext(ctx, policy, &pd.GetEscalationPolicyOptions{})
	})
	if err != nil {
		return nil, err
	}
	var levels []int
	for n, rule := range got.EscalationRules {
		for _, target := range rule.Targets {
			if target.ID == schedule {
				levels = append(levels, n+1)
			}
		}
	}
	return levels, nil
}
