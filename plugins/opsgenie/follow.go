package opsgenie

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// firstLook is how long a change is given before its outcome is asked for; each further pause doubles up to longestPause.
	firstLook    = 50 * time.Millisecond
	longestPause = 3 * time.Second
	// followFor is how long an outcome is waited for at most; a shorter context ends it sooner.
	followFor = 25 * time.Second
)

// outcome is what became of a change that was accepted: https://docs.opsgenie.com/docs/alert-api#get-request-status. Of the
// two words for success each service sends one or both.
type outcome struct {
	Success   bool   `json:"success"`
	IsSuccess bool   `json:"isSuccess"`
	Status    string `json:"status"`
	AlertID   string `json:"alertId"`
}

var errUndecided = errors.New("the service accepted the change and does not say what became of it")

// follow waits until the service says what became of a change. Until then nobody knows: an answer that is missing, late or
// broken is no failure of the change.
func (a *api) follow(ctx context.Context, c call, requestID string) (outcome, error) {
	bounded, cancel := context.WithTimeout(ctx, followFor)
	defer cancel()
	cause := errUndecided
	for pause := firstLook; wait(bounded, pause); pause = min(2*pause, longestPause) {
		got, err := fetch[outcome](bounded, a, reading("reading outcome", "/alerts/requests/"+requestID, nil))
		switch kind := plugins.KindOf(err); {
		case err == nil:
			return a.judged(c, got)
		case kind == plugins.Auth:
			return outcome{}, a.undecided(c, err)
		case kind != plugins.NotFound && bounded.Err() == nil:
			cause = fmt.Errorf("%w: %w", errUndecided, err)
		}
	}
	return outcome{}, a.undecided(c, cause)
}

func (a *api) judged(c call, got outcome) (outcome, error) {
	got.Success = got.Success || got.IsSuccess
	if got.Success {
		return got, nil
	}
	status := oneLine(got.Status, maxComplaint)
	return got, &plugins.Error{
		Op: c.op, Kind: plugins.Invalid, Err: fmt.Errorf("%s accepted it and did not do it: %s", a.speaks.title(), status),
		Public: a.speaks.title() + " accepted it and then did not do it: " + status + ".",
	}
}

func (a *api) undecided(c call, cause error) error {
	return &plugins.Error{
		Op: c.op, Kind: lost(c.effect), Err: cause,
		Public: a.speaks.title() + " accepted it and has not said since what became of it; the plugin looks again.",
	}
}

// wait waits, and says whether the context lasted as long.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
