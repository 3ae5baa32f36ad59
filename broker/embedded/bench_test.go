package embedded_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/brokertest"
	"github.com/accede/accede/internal/eventually"
)

// BenchmarkPublish stores messages of 1 KiB, one after the other and 256 at a time. The disk decides.
func BenchmarkPublish(b *testing.B) {
	for _, size := range []int{1, 256} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			running := brokertest.Start(b)
			data := make([]byte, 1024)
			batch := make([]broker.Message, size)
			for next := 0; b.Loop(); next += size {
				for i := range batch {
					batch[i] = broker.Message{Subject: broker.EventSubject("r1"), ID: strconv.Itoa(next + i), Data: data}
				}
				if err := running.Core.Publish(b.Context(), batch...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "msgs/s")
		})
	}
}

// BenchmarkCall calls the core from a plugin over TCP.
func BenchmarkCall(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			running := brokertest.Start(b, "slack")
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error, 1)
			go func() {
				done <- running.Core.Answer(ctx, broker.CallPattern, 64,
					func(_ context.Context, _ string, data []byte) []byte { return data })
			}()
			plugin := running.Plugin(b, "slack")
			call := func() error {
				_, err := plugin.Call(ctx, broker.CallSubject("slack", broker.MethodClaim), []byte("question"))
				return err
			}
			eventually.NoError(b, brokertest.Patience, "an answer", call)
			var calling sync.WaitGroup
			b.ResetTimer()
			for worker := range callers {
				calling.Go(func() {
					for i := worker; i < b.N; i += callers {
						if err := call(); err != nil {
							b.Error(err)
						}
					}
				})
			}
			calling.Wait()
			b.StopTimer()
			cancel()
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkEventToHandler publishes 500 events per second and measures from before the publish to the handler.
func BenchmarkEventToHandler(b *testing.B) {
	running := brokertest.Start(b, "slack")
	plugin := running.Plugin(b, "slack")
	handled := make(chan time.Duration, 1<<20)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	consumer := broker.PluginConsumer("slack")
	go func() {
		done <- plugin.Consume(ctx, consumer.Stream, consumer.Name, 16,
			func(_ context.Context, message broker.Message) broker.Outcome {
				sent, err := strconv.ParseInt(string(message.Data), 10, 64)
				if err != nil {
					b.Error(err)
				}
				handled <- time.Since(time.Unix(0, sent))
				return broker.Done()
			})
	}()
	pace := time.NewTicker(2 * time.Millisecond)
	defer pace.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-pace.C
		data := strconv.AppendInt(nil, time.Now().UnixNano(), 10)
		if err := running.Core.Publish(ctx, broker.Message{Subject: broker.EventSubject("r1"), ID: strconv.Itoa(i), Data: data}); err != nil {
			b.Fatal(err)
		}
	}
	latencies := make([]time.Duration, b.N)
	for i := range latencies {
		latencies[i] = <-handled
	}
	b.StopTimer()
	slices.Sort(latencies)
	b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds()), "p99-µs")
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkConsume empties a full stream.
func BenchmarkConsume(b *testing.B) {
	running := brokertest.Start(b, "slack")
	plugin := running.Plugin(b, "slack")
	messages := make([]broker.Message, b.N)
	for i := range messages {
		messages[i] = broker.Message{Subject: broker.EventSubject("r1"), ID: strconv.Itoa(i), Data: make([]byte, 1024)}
	}
	if err := running.Core.Publish(b.Context(), messages...); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	handled := make(chan struct{}, b.N)
	b.ResetTimer()
	go func() {
		done <- plugin.Consume(ctx, broker.EventStream, "plugin-slack", 16,
			func(context.Context, broker.Message) broker.Outcome {
				handled <- struct{}{}
				return broker.Done()
			})
	}()
	for range b.N {
		<-handled
	}
	b.StopTimer()
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
