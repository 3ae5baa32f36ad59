package host

import (
	"context"
	"fmt"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// decideEvery is how often the result of the plugin's own decision is asked for.
const decideEvery = 500 * time.Millisecond

// decide stores a decision of the plugin itself and returns its result. It blocks until the result is there or ctx ends;
// an error leaves open what became of it, and the same decision may be made again.
func (d *desk) decide(ctx context.Context, decision v1.Decision) (v1.DecisionResult, error) {
	message, err := d.seal(decision)
	if err != nil {
		return v1.DecisionResult{}, err
	}
	results := d.results.expect(decision.ID)
	defer d.results.forget(decision.ID, results)
	if err := d.publish(ctx, message); err != nil {
		return v1.DecisionResult{}, undecided(err)
	}
	ticker := time.NewTicker(decideEvery)
	defer ticker.Stop()
	for {
		select {
		case result := <-results:
			return d.decided(result), nil
		case <-ctx.Done():
			return v1.DecisionResult{}, undecided(ctx.Err())
		case <-ticker.C:
		}
		result, err := d.deliverer.core.outcome(ctx, decision.ID)
		if err == nil && result != nil && result.Code != v1.CodeRecorded {
			return d.decided(*result), nil
		}
	}
}

func undecided(err error) error {
	return &plugins.Error{Op: "deciding", Kind: plugins.Transient, Err: fmt.Errorf("waiting for the core: %w", err)}
}

func (d *desk) decided(result v1.DecisionResult) v1.DecisionResult {
	d.metrics.decisions.WithLabelValues(string(result.Code)).Inc()
	return result
}
