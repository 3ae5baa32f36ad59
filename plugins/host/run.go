package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// finishWithin is how long work that has begun may go on after the host was asked to stop; abandonWithin how long it
	// then has to report what it could not finish.
	finishWithin  = 14 * time.Second
	abandonWithin = 4 * time.Second
	// listenFirst and listenLast bound the wait before a listener that gave up is started again.
	listenFirst = time.Second
	listenLast  = time.Minute
	checkWithin = 30 * time.Second
)

// Run runs the plugin until ctx ends and then stops in order: no new work, what has begun is finished or reported as
// failed, the plugin is closed. Stopping takes at most about twenty seconds. Run can be called once.
func (h *Host) Run(ctx context.Context) error {
	var group, tail sync.WaitGroup
	tail.Go(func() { h.listenForResults(h.work) })
	group.Go(func() { h.heartbeats(ctx) })
	group.Go(func() { h.watchReconnects(ctx) })
	group.Go(func() { h.checkOnce(ctx) })
	group.Go(func() { h.listens(ctx) })
	group.Go(func() { h.consumes(ctx) })
	<-ctx.Done()
	close(h.ending)
	err := errors.Join(h.finish(&group), h.close())
	tail.Wait()
	return err
}

// finish waits for what has begun, then ends its context, then waits a little more.
func (h *Host) finish(group *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		group.Wait()
		h.desk.work.wait()
		close(done)
	}()
	if closedWithin(done, finishWithin) {
		return nil
	}
	h.endWork()
	if closedWithin(done, abandonWithin) {
		return nil
	}
	return errors.New("some work did not end in time; its leases will run out and it will be done again")
}

func closedWithin(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// consumes works once the core has answered: without it nothing can be claimed, and cards would lack their link.
func (h *Host) consumes(ctx context.Context) {
	select {
	case <-h.coreState.known:
	case <-ctx.Done():
		return
	}
	var group sync.WaitGroup
	group.Go(func() { h.resyncs(ctx) })
	group.Go(func() { h.polls(ctx) })
	group.Go(func() { h.pollsVendor(ctx) })
	consumer := broker.PluginConsumer(h.spec.Name)
	for failures := 1; ctx.Err() == nil; failures++ {
		err := h.broker.Consume(ctx, consumer.Stream, consumer.Name, h.settings.Workers, h.handle)
		if ctx.Err() == nil {
			h.logger.Error("taking events ended and is started again", "attempt", failures, "err", err)
			pause(ctx, listenFirst)
		}
	}
	group.Wait()
}

// listenForResults goes on while the host is stopping, for as long as somebody waits for a result.
func (h *Host) listenForResults(ctx context.Context) {
	for failures := 1; ctx.Err() == nil; failures++ {
		err := h.broker.Listen(ctx, broker.ResultPattern(h.spec.Name), h.desk.results.receive)
		if ctx.Err() == nil {
			h.logger.Error("listening for results ended and is started again", "attempt", failures, "err", err)
			pause(ctx, listenFirst)
		}
	}
}

func (h *Host) watchReconnects(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.rejoined: // a nil channel never receives
			h.wantResync()
		}
	}
}

// listens keeps the plugin's own connection for callbacks.
func (h *Host) listens(ctx context.Context) {
	if h.can.Listener == nil {
		return
	}
	wait, failures := listenFirst, 0
	for ctx.Err() == nil {
		started := time.Now()
		h.listener.set(nil)
		err := guarded(ctx, func(ctx context.Context) error { return h.can.Listener.Listen(ctx, h.desk) })
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("the connection ended")
		}
		h.listener.set(errors.New("the plugin does not receive callbacks: " + vendorhttp.Redact(err.Error())))
		if time.Since(started) > listenLast {
			wait, failures = listenFirst, 0
		}
		failures++
		h.logger.Error("listening for callbacks ended and is started again", "attempt", failures, "wait", wait.String(),
			"err", vendorhttp.Redact(err.Error()))
		pause(ctx, wait+jitter(wait))
		wait = min(2*wait, listenLast)
	}
}

// checkOnce logs what is wrong at the vendor; it does not keep the plugin from starting, for it may be mended meanwhile.
func (h *Host) checkOnce(ctx context.Context) {
	for _, finding := range h.Check(ctx) {
		if finding.Warning {
			h.logger.Warn(finding.What, "fix", finding.Fix)
			continue
		}
		h.logger.Error(finding.What, "fix", finding.Fix)
	}
}

// Check asks the plugin whether it can work, and returns everything that is wrong.
func (h *Host) Check(ctx context.Context) []plugins.Finding {
	if h.can.Checker == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	var findings []plugins.Finding
	err := guarded(ctx, func(ctx context.Context) error {
		findings = h.can.Checker.Check(ctx, h.settings.recipients())
		return nil
	})
	if err != nil {
		findings = append(findings, plugins.Finding{What: err.Error(), Fix: "report this to the plugin's authors"})
	}
	return findings
}
