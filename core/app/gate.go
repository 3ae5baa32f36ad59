package app

import (
	"context"
	"math"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/embedded"
	"github.com/accede/accede/broker/jetstream"
)

// gate opens and closes the broker to plugins: their right to connect, and the consumer from which they read.
type gate struct {
	server *embedded.Server
	conn   *jetstream.Conn
}

// AddPlugin lets a plugin in, with the consumer that its replicas share.
func (g gate) AddPlugin(ctx context.Context, name, publicKey string) error {
	if err := g.conn.Ensure(ctx, nil, []broker.Consumer{broker.PluginConsumer(name)}); err != nil {
		return err
	}
	return g.server.AddPlugin(name, publicKey)
}

// RemovePlugin shuts a plugin out.
func (g gate) RemovePlugin(ctx context.Context, name string) error {
	if err := g.server.RemovePlugin(name); err != nil {
		return err
	}
	consumer := broker.PluginConsumer(name)
	return g.conn.RemoveConsumer(ctx, consumer.Stream, consumer.Name)
}

// Pending is how many events a plugin has not handled yet.
func (g gate) Pending(ctx context.Context, name string) (int64, error) {
	consumer := broker.PluginConsumer(name)
	state, err := g.conn.ConsumerState(ctx, consumer.Stream, consumer.Name)
	if err != nil {
		return 0, err
	}
	return int64(min(state.Pending, math.MaxInt32)) + int64(state.Unacknowledged), nil
}
