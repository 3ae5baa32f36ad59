package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/accede/accede/broker"
)

const (
	manageTimeout = 10 * time.Second
	// maxWaiting bounds the requests for messages that a consumer keeps: workers times replicas of one plugin.
	maxWaiting = 2048
)

// Ensure creates the streams and consumers or brings them to what is asked; calling it again changes nothing. Only the
// core's credential may. The core calls it at start and after each reconnect, because the broker may have been wiped.
func (c *Conn) Ensure(ctx context.Context, streams []broker.Stream, consumers []broker.Consumer) error {
	for _, stream := range streams {
		subject := c.prefix + ".STREAM.UPDATE." + stream.Name
		err := c.manage(ctx, "setting up stream "+stream.Name, subject, func(ctx context.Context) error {
			_, err := c.js.CreateOrUpdateStream(ctx, streamConfig(stream))
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, consumer := range consumers {
		doing := fmt.Sprintf("setting up consumer %s of %s", consumer.Name, consumer.Stream)
		subject := strings.Join([]string{c.prefix, "CONSUMER.CREATE", consumer.Stream, consumer.Name, consumer.Subject}, ".")
		err := c.manage(ctx, doing, subject, func(ctx context.Context) error {
			_, err := c.js.CreateOrUpdateConsumer(ctx, consumer.Stream, consumerConfig(consumer))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// manage does one thing with JetStream, whose first request goes to subject.
func (c *Conn) manage(ctx context.Context, doing, subject string, do func(context.Context) error) error {
	ctx, stop, err := c.waiting(ctx, manageTimeout, subject)
	if err != nil {
		return translate(ctx, doing, err)
	}
	defer stop()
	return translate(ctx, doing, do(ctx))
}

// RemoveConsumer deletes a consumer; that there is none is fine. Only the core's credential may.
func (c *Conn) RemoveConsumer(ctx context.Context, stream, consumer string) error {
	subject := strings.Join([]string{c.prefix, "CONSUMER.DELETE", stream, consumer}, ".")
	return c.manage(ctx, "removing consumer "+consumer, subject, func(ctx context.Context) error {
		err := c.js.DeleteConsumer(ctx, stream, consumer)
		if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil
		}
		return err
	})
}

// streamConfig keeps messages by time only: other kinds of retention forget message ids after a restart. Nobody, the
// core included, may delete or purge single messages.
func streamConfig(stream broker.Stream) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: stream.Name, Subjects: stream.Subjects,
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Replicas: 1,
		MaxAge: stream.MaxAge, Duplicates: stream.DuplicateWindow,
		DenyDelete: true, DenyPurge: true,
	}
}

// consumerConfig never gives up on a message: when to park a delivery is decided by the core.
func consumerConfig(consumer broker.Consumer) jetstream.ConsumerConfig {
	deliver := jetstream.DeliverAllPolicy
	if consumer.Latest {
		deliver = jetstream.DeliverLastPerSubjectPolicy
	}
	return jetstream.ConsumerConfig{
		Durable: consumer.Name, FilterSubject: consumer.Subject,
		DeliverPolicy: deliver, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: consumer.AckWait, MaxAckPending: consumer.MaxPending, MaxDeliver: -1, MaxWaiting: maxWaiting,
	}
}

// StreamState is what tells whether a stream is still the one it was.
type StreamState struct {
	// Created changes when the stream was lost and set up again.
	Created time.Time
	// LastSeq only grows as long as nothing is lost.
	LastSeq uint64
}

// StreamState returns the state of a stream. Only the core's credential may ask. The error wraps
// [broker.ErrUnavailable] when there is no such stream.
func (c *Conn) StreamState(ctx context.Context, name string) (StreamState, error) {
	var state StreamState
	err := c.manage(ctx, "asking for stream "+name, c.prefix+".STREAM.INFO."+name, func(ctx context.Context) error {
		stream, err := c.js.Stream(ctx, name)
		if err != nil {
			return err
		}
		info := stream.CachedInfo()
		state = StreamState{Created: info.Created.UTC(), LastSeq: info.State.LastSeq}
		return nil
	})
	return state, err
}

// ConsumerState says how far the readers of a consumer are behind.
type ConsumerState struct {
	// Pending counts messages not yet handed out.
	Pending uint64
	// Unacknowledged counts messages handed out and not yet done.
	Unacknowledged int
}

// ConsumerState returns the state of a consumer. A plugin may ask for its own.
func (c *Conn) ConsumerState(ctx context.Context, stream, consumer string) (ConsumerState, error) {
	info, err := c.consumerInfo(ctx, stream, consumer)
	if err != nil {
		return ConsumerState{}, err
	}
	return ConsumerState{Pending: info.NumPending, Unacknowledged: info.NumAckPending}, nil
}

// consumerInfo asks directly, since the client would first ask for things that a plugin must not know.
func (c *Conn) consumerInfo(ctx context.Context, stream, consumer string) (*jetstream.ConsumerInfo, error) {
	data, err := c.Call(ctx, InfoSubject(c.prefix, stream, consumer), nil)
	if err != nil {
		return nil, err
	}
	var answer struct {
		jetstream.ConsumerInfo
		Error *jetstream.APIError `json:"error"`
	}
	doing := "asking for consumer " + consumer
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	if answer.Error != nil {
		return nil, translate(ctx, doing, answer.Error)
	}
	return &answer.ConsumerInfo, nil
}
