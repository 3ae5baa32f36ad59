package brokertest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/internal/eventually"
)

func calling() map[string]func(*testing.T, *Broker) {
	return map[string]func(*testing.T, *Broker){
		"a call is answered":                              answersCall,
		"64 calls at once are answered":                   answersManyCalls,
		"no more answers are worked on than workers":      boundsAnswers,
		"a call nobody answers is unavailable at once":    failsWithoutAnswerer,
		"a call without an answer is unavailable":         failsInTime,
		"a call is unavailable when the connection fails": failsWhenLost,
		"a call under another name is denied":             deniesForeignCall,
		"stopping waits for begun answers":                finishesAnswer,
		"answering goes on after a restart":               answersAfterRestart,
		"a result reaches every replica of its plugin":    broadcastsResult,
	}
}

// echo answers with the subject and the question.
func echo(_ context.Context, subject string, data []byte) []byte {
	return []byte(subject + " " + string(data))
}

// serve answers calls with answer until the returned function is called, which waits for the end.
func serve(t *testing.T, b *Broker, workers int, answer broker.Answerer) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Core.Answer(ctx, broker.CallPattern, workers, answer) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("answering: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func answersCall(t *testing.T, b *Broker) {
	serve(t, b, 1, echo)
	plugin := b.Plugin(t, "slack")
	subject := broker.CallSubject("slack", broker.MethodClaim)
	eventually.NoError(t, Patience, "an answer", func() error {
		got, err := plugin.Call(t.Context(), subject, []byte("question"))
		if err == nil && string(got) != subject+" question" {
			t.Errorf("got %q", got)
		}
		return err
	})
}

func answersManyCalls(t *testing.T, b *Broker) {
	serve(t, b, 16, echo)
	plugin := b.Plugin(t, "slack")
	awaitAnswers(t, plugin)
	var running sync.WaitGroup
	for i := range 64 {
		running.Go(func() {
			question := fmt.Appendf(nil, "question %d", i)
			for range 20 {
				got, err := plugin.Call(bounded(t), broker.CallSubject("slack", broker.MethodClaim), question)
				if err != nil || !bytes.HasSuffix(got, question) {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
	running.Wait()
}

// awaitAnswers waits until calls are answered.
func awaitAnswers(t *testing.T, caller broker.Caller) {
	t.Helper()
	eventually.NoError(t, Patience, "an answer", func() error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := caller.Call(ctx, broker.CallSubject("slack", broker.MethodHeartbeat), nil)
		return err
	})
}

func boundsAnswers(t *testing.T, b *Broker) {
	const workers = 3
	var busy gauge
	serve(t, b, workers, func(ctx context.Context, _ string, _ []byte) []byte {
		busy.enter()
		defer busy.leave()
		wait(ctx, 5*time.Millisecond)
		return nil
	})
	plugin := b.Plugin(t, "slack")
	awaitAnswers(t, plugin)
	var running sync.WaitGroup
	for range 20 {
		running.Go(func() {
			if _, err := plugin.Call(bounded(t), broker.CallSubject("slack", broker.MethodClaim), nil); err != nil {
				t.Errorf("calling: %v", err)
			}
		})
	}
	running.Wait()
	if got := busy.peak(); got != workers {
		t.Errorf("%d answers were worked on at once, want %d", got, workers)
	}
}

func failsWithoutAnswerer(t *testing.T, b *Broker) {
	begin := time.Now()
	_, err := b.Plugin(t, "slack").Call(bounded(t), broker.CallSubject("slack", broker.MethodClaim), nil)
	wantError(t, "calling", err, broker.ErrUnavailable)
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %s to say so", took)
	}
}

// silent answers heartbeats only; other calls wait for the end of the test. Asked yields a value for each.
func silent(t *testing.T, b *Broker) (asked <-chan struct{}) {
	t.Helper()
	calls := make(chan struct{}, 10)
	serve(t, b, 2, func(ctx context.Context, subject string, _ []byte) []byte {
		if subject == broker.CallSubject("slack", broker.MethodHeartbeat) {
			return nil
		}
		calls <- struct{}{}
		<-ctx.Done()
		return nil
	})
	return calls
}

func failsInTime(t *testing.T, b *Broker) {
	const limit = 200 * time.Millisecond
	silent(t, b)
	plugin := b.Plugin(t, "slack")
	awaitAnswers(t, plugin)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	begin := time.Now()
	_, err := plugin.Call(ctx, broker.CallSubject("slack", broker.MethodClaim), nil)
	wantError(t, "calling", err, broker.ErrUnavailable)
	wantError(t, "calling", err, context.DeadlineExceeded)
	if took := time.Since(begin); took < limit || took > limit+3*time.Second {
		t.Errorf("it took %s to say so, want about %s", took, limit)
	}
}

func failsWhenLost(t *testing.T, b *Broker) {
	asked := silent(t, b)
	plugin := b.Plugin(t, "slack")
	awaitAnswers(t, plugin)
	result := make(chan error, 1)
	go func() {
		_, err := plugin.Call(bounded(t), broker.CallSubject("slack", broker.MethodClaim), nil)
		result <- err
	}()
	<-asked
	b.Stop(t)
	begin := time.Now()
	wantError(t, "calling", <-result, broker.ErrUnavailable)
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %s to say so", took)
	}
}

func deniesForeignCall(t *testing.T, b *Broker) {
	serve(t, b, 1, echo)
	plugin := b.Plugin(t, "slack")
	awaitAnswers(t, plugin)
	_, err := plugin.Call(bounded(t), broker.CallSubject("jira", broker.MethodClaim), nil)
	wantError(t, "calling as another plugin", err, broker.ErrDenied)
	err = plugin.Publish(bounded(t), broker.Message{Subject: broker.ActionSubject("jira", "r1"), ID: "a"})
	wantError(t, "deciding as another plugin", err, broker.ErrDenied)
	err = plugin.Publish(bounded(t), events("r1", 3)...)
	wantError(t, "publishing events", err, broker.ErrDenied)
	err = plugin.Listen(bounded(t), broker.ResultPattern("jira"), func(string, []byte) {})
	wantError(t, "listening to another plugin's results", err, broker.ErrDenied)
	err = plugin.Consume(bounded(t), broker.EventStream, "plugin-jira", 1, nil)
	wantError(t, "consuming another plugin's events", err, broker.ErrDenied)
	err = plugin.Ensure(bounded(t), broker.Streams(), nil)
	wantError(t, "setting up streams", err, broker.ErrDenied)
}

func finishesAnswer(t *testing.T, b *Broker) {
	asked, release := make(chan struct{}, 1), make(chan struct{})
	stop := serve(t, b, 1, func(_ context.Context, _ string, data []byte) []byte {
		if len(data) == 0 {
			return nil
		}
		asked <- struct{}{}
		<-release
		return []byte("done")
	})
	plugin := b.Plugin(t, "slack")
	awaitAnswers(t, plugin)
	answer := make(chan string, 1)
	go func() {
		got, err := plugin.Call(bounded(t), broker.CallSubject("slack", broker.MethodRecord), []byte("x"))
		answer <- fmt.Sprint(string(got), " ", err)
	}()
	<-asked
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	close(release)
	<-stopped
	if got := <-answer; got != "done <nil>" {
		t.Errorf("got %q", got)
	}
}

func answersAfterRestart(t *testing.T, b *Broker) {
	serve(t, b, 2, echo)
	plugin := b.Plugin(t, "slack")
	awaitAnswers(t, plugin)
	b.Restart(t)
	awaitAnswers(t, plugin)
}

func broadcastsResult(t *testing.T, b *Broker) {
	slack, jira := make(chan string, 100), make(chan string, 100)
	listen(t, b, "slack", slack)
	listen(t, b, "slack", slack)
	listen(t, b, "jira", jira)
	eventually.True(t, Patience, "both replicas to receive", func() bool {
		if err := b.Core.Send(broker.ResultSubject("slack", "d1"), []byte("granted")); err != nil {
			t.Fatalf("sending: %v", err)
		}
		return len(slack) >= 4
	})
	if got, want := <-slack, broker.ResultSubject("slack", "d1")+" granted"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(jira) != 0 {
		t.Errorf("another plugin received %q", <-jira)
	}
}

func listen(t *testing.T, b *Broker, plugin string, received chan<- string) {
	t.Helper()
	conn := b.Plugin(t, plugin)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- conn.Listen(ctx, broker.ResultPattern(plugin), func(subject string, data []byte) {
			select {
			case received <- subject + " " + string(data):
			default:
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("listening: %v", err)
		}
	})
}
