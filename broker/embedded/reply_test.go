package embedded_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/brokertest"
	"github.com/accede/accede/broker/jetstream"
	"github.com/accede/accede/internal/eventually"
)

// The server sends an answer to whatever subject the asker names. Were all plugins in one account, a plugin could have
// an answer stored as another plugin's decision, or heard as a result.

// requests are all the requests that a plugin may make, each of which is answered.
func requests(plugin string) map[string]string {
	consumer := broker.PluginConsumer(plugin)
	return map[string]string{
		broker.ActionSubject(plugin, "r9"):                                                       "decision",
		broker.CallSubject(plugin, broker.MethodClaim):                                           "call",
		jetstream.NextSubject(jetstream.PluginAPIPrefix, consumer.Stream, consumer.Name):         `{"batch":1,"no_wait":true}`,
		jetstream.InfoSubject(jetstream.PluginAPIPrefix, consumer.Stream, consumer.Name):         "",
		"$JS.ACK." + consumer.Stream + "." + consumer.Name + ".1.1.1.1700000000000000000.0":      "+ACK",
		"$JS.ACK." + consumer.Stream + "." + consumer.Name + ".1.999999.1.1700000000000000000.0": "+WPI",
		"$JS.ACK." + consumer.Stream + "." + consumer.Name + ".1.999998.1.1700000000000000000.0": "+NXT",
	}
}

func TestAnswersStayWithTheAsker(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	called := make(chan string, 1000)
	defer answerCalls(t, b, called)()
	jira := rawPlugin(t, b, "jira")
	results := jira.subscribe(t, broker.ResultPattern("jira"))
	inbox := jira.subscribe(t, jetstream.InboxPrefix("jira")+".>")
	slack := rawPlugin(t, b, "slack")
	var decisions uint64
	var calls int
	for _, reply := range []string{
		broker.ActionSubject("jira", "r2"), broker.EventSubject("r2"), broker.ResultSubject("jira", "d1"),
		broker.CallSubject("jira", broker.MethodClaim), jetstream.InboxPrefix("jira") + ".x",
		jetstream.CoreAPIPrefix + ".STREAM.DELETE." + broker.EventStream,
		jetstream.CoreAPIPrefix + ".CONSUMER.DELETE." + broker.EventStream + ".plugin-jira",
	} {
		publishEvent(t, b, strconv.Itoa(calls))
		for subject, data := range requests("slack") {
			slack.send(t, subject, reply, data)
		}
		decisions++
		calls++
	}
	eventually.True(t, brokertest.Patience, "slack's own calls to be answered", func() bool { return len(called) >= calls })
	eventually.True(t, brokertest.Patience, "slack's own decisions to be stored", func() bool {
		return storedIn(t, b, broker.ActionStream) >= decisions
	})
	if got := storedIn(t, b, broker.ActionStream); got != decisions {
		t.Errorf("%d decisions stored, want slack's own %d", got, decisions)
	}
	if got := storedIn(t, b, broker.EventStream); got != decisions {
		t.Errorf("%d events stored, want the core's own %d", got, decisions)
	}
	for range calls {
		if got := <-called; got != broker.CallSubject("slack", broker.MethodClaim) {
			t.Errorf("the core was called on %s", got)
		}
	}
	jira.sync(t)
	if len(called)+len(results)+len(inbox) > 0 {
		t.Errorf("the core heard %d calls, jira %d results and %d answers too many", len(called), len(results), len(inbox))
	}
}

// Without accounts in between, the trick works. If this test fails, the one above proves nothing any more.
func TestAnswersGoAnywhereWithinAnAccount(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	core := rawCore(t, b)
	core.send(t, broker.ActionSubject("slack", "r9"), broker.ActionSubject("jira", "r2"), "decision")
	eventually.True(t, brokertest.Patience, "the answer to be stored too", func() bool {
		return storedIn(t, b, broker.ActionStream) == 2
	})
}

// The server refuses by itself to answer to the subjects of its own protocol.
func TestAnswersCannotPoseAsAcknowledgements(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	defer answerCalls(t, b, make(chan string, 1000))()
	publishEvent(t, b, "r1")
	jira := rawPlugin(t, b, "jira")
	if _, ok := jira.pull(t, "jira"); !ok {
		t.Fatal("jira got no event")
	}
	for subject, data := range requests("slack") {
		slack := rawPlugin(t, b, "slack")
		if err := slack.PublishRequest(subject, ackSubject("jira", 1), []byte(data)); err != nil {
			t.Fatal(err)
		}
		_ = slack.FlushTimeout(time.Second) // the server may have hung up
	}
	if got := unacknowledged(t, b, "jira"); got != 1 {
		t.Errorf("jira has %d unacknowledged events, want 1", got)
	}
}

// The server can be told by a header to report on a message's way.
func TestTracesCannotPoseAsDecisions(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	trace := func(r *raw, id string) {
		msg := nats.NewMsg(broker.ActionSubject("slack", "r9"))
		msg.Header.Set("Nats-Trace-Dest", broker.ActionSubject("jira", "r2"))
		msg.Header.Set("Nats-Msg-Id", id)
		if err := r.PublishMsg(msg); err != nil {
			t.Fatal(err)
		}
		_ = r.FlushTimeout(time.Second) // the server may have hung up
	}
	trace(rawPlugin(t, b, "slack"), "one")
	plugin := rawPlugin(t, b, "slack")
	if _, ok := plugin.ask(t, broker.ActionSubject("slack", "r9"), "after"); !ok {
		t.Error("slack's own decision was not confirmed")
	}
	before := storedIn(t, b, broker.ActionStream)
	if before > 2 {
		t.Errorf("%d decisions stored, want slack's own 2 at most", before)
	}
	trace(rawCore(t, b), "two")
	eventually.True(t, brokertest.Patience, "the core's trace to be stored", func() bool {
		return storedIn(t, b, broker.ActionStream) == before+2
	})
}
