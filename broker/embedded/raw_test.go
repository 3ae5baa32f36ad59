package embedded_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/brokertest"
	"github.com/accede/accede/broker/embedded"
	"github.com/accede/accede/broker/jetstream"
)

// raw is somebody who speaks the broker's protocol without Accede's code in between.
type raw struct {
	*nats.Conn
	violations chan error
}

func dial(credential broker.Credential) (*raw, error) {
	public, err := credential.PublicKey()
	if err != nil {
		return nil, err
	}
	r := &raw{violations: make(chan error, 1000)}
	options := []nats.Option{
		nats.Nkey(public, credential.Sign), nats.MaxReconnects(0),
		nats.CustomInboxPrefix(jetstream.InboxPrefix(credential.Plugin)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { r.violations <- err }),
	}
	r.Conn, err = nats.Connect(credential.Broker, options...)
	return r, err
}

func connectRaw(t testing.TB, credential broker.Credential) *raw {
	t.Helper()
	r, err := dial(credential)
	if err != nil {
		t.Fatalf("connecting as %q: %v", credential.Plugin, err)
	}
	t.Cleanup(r.Close)
	return r
}

func rawPlugin(t testing.TB, b *brokertest.Broker, name string) *raw {
	t.Helper()
	return connectRaw(t, b.Credential(t, name))
}

// rawCore has the core's rights, to show that what a plugin tries would work for somebody who may.
func rawCore(t testing.TB, b *brokertest.Broker) *raw {
	t.Helper()
	server, ok := b.Server.(*embedded.Server)
	if !ok {
		t.Fatalf("the server is a %T", b.Server)
	}
	return connectRaw(t, server.CoreCredential())
}

// sync returns when the broker has dealt with all that was sent before.
func (r *raw) sync(t testing.TB) {
	t.Helper()
	if err := r.FlushTimeout(brokertest.Patience); err != nil {
		t.Fatalf("flushing: %v", err)
	}
}

// send publishes with any reply subject.
func (r *raw) send(t testing.TB, subject, reply, data string) {
	t.Helper()
	if err := r.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Data: []byte(data)}); err != nil {
		t.Fatalf("publishing to %s: %v", subject, err)
	}
	r.sync(t)
}

// refusal returns the broker's complaint about what was sent, if there is one.
func (r *raw) refusal() error {
	select {
	case err := <-r.violations:
		return err
	case <-time.After(5 * time.Second):
		return nil
	}
}

// wantRefused fails the test unless the broker complains.
func (r *raw) wantRefused(t testing.TB, what string) {
	t.Helper()
	if err := r.refusal(); !errors.Is(err, nats.ErrPermissionViolation) {
		t.Errorf("%s: got complaint %v, want a permission violation", what, err)
	}
}

// ask sends a request and returns the answer, for as long as it may take.
func (r *raw) ask(t testing.TB, subject, data string) (answer *nats.Msg, ok bool) {
	t.Helper()
	answer, err := r.Request(subject, []byte(data), brokertest.Patience)
	return answer, err == nil
}

// wantNoAnswer fails the test if a request is answered, or is not refused.
func (r *raw) wantNoAnswer(t testing.TB, subject, data string) {
	t.Helper()
	if answer, err := r.Request(subject, []byte(data), 50*time.Millisecond); err == nil {
		t.Errorf("%s was answered %q", subject, answer.Data)
	}
	r.wantRefused(t, subject)
}

// pull takes the next message of a plugin's consumer as the protocol says.
func (r *raw) pull(t testing.TB, plugin string) (*nats.Msg, bool) {
	t.Helper()
	consumer := broker.PluginConsumer(plugin)
	msg, ok := r.ask(t, jetstream.NextSubject(jetstream.PluginAPIPrefix, consumer.Stream, consumer.Name), `{"batch":1,"expires":5000000000}`)
	return msg, ok && msg.Header.Get("Status") == ""
}

// subscribe listens and returns what arrives; the broker's refusal shows later.
func (r *raw) subscribe(t testing.TB, subject string) <-chan *nats.Msg {
	t.Helper()
	received := make(chan *nats.Msg, 1000)
	if _, err := r.ChanSubscribe(subject, received); err != nil {
		t.Fatalf("subscribing to %s: %v", subject, err)
	}
	r.sync(t)
	return received
}

func storedIn(t testing.TB, b *brokertest.Broker, stream string) uint64 {
	t.Helper()
	state, err := b.Core.StreamState(t.Context(), stream)
	if err != nil {
		t.Fatalf("asking for %s: %v", stream, err)
	}
	return state.LastSeq
}

func publishEvent(t testing.TB, b *brokertest.Broker, request string) {
	t.Helper()
	message := broker.Message{Subject: broker.EventSubject(request), ID: request, Data: []byte(request)}
	if err := b.Core.Publish(t.Context(), message); err != nil {
		t.Fatalf("publishing: %v", err)
	}
}

func mustJSON(t testing.TB, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// ackSubject acknowledges the first delivery of an event to a plugin.
func ackSubject(plugin string, sequence int) string {
	consumer := broker.PluginConsumer(plugin)
	return fmt.Sprintf("$JS.ACK.%s.%s.1.%d.%d.%d.0", consumer.Stream, consumer.Name, sequence, sequence, time.Now().UnixNano())
}
