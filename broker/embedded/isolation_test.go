package embedded_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/brokertest"
	"github.com/accede/accede/broker/embedded"
	"github.com/accede/accede/broker/jetstream"
	"github.com/accede/accede/internal/eventually"
)

func TestPluginTakesOnlyItsOwnEvents(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	publishEvent(t, b, "r1")
	slack := rawPlugin(t, b, "slack")
	for _, prefix := range []string{jetstream.PluginAPIPrefix, jetstream.CoreAPIPrefix} {
		slack.wantNoAnswer(t, jetstream.NextSubject(prefix, broker.EventStream, "plugin-jira"), `{"batch":1,"expires":5000000000}`)
	}
	if msg, ok := slack.pull(t, "slack"); !ok || string(msg.Data) != "r1" {
		t.Errorf("slack got %v, %v from its own consumer", msg, ok)
	}
	if msg, ok := rawPlugin(t, b, "jira").pull(t, "jira"); !ok || string(msg.Data) != "r1" {
		t.Errorf("jira got %v, %v from its own consumer", msg, ok)
	}
}

func TestPluginCannotAcknowledgeForAnother(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	publishEvent(t, b, "r1")
	if _, ok := rawPlugin(t, b, "jira").pull(t, "jira"); !ok {
		t.Fatal("jira got no event")
	}
	subject := ackSubject("jira", 1)
	slack := rawPlugin(t, b, "slack")
	slack.send(t, subject, "", "+ACK")
	slack.wantRefused(t, "acknowledging jira's event")
	// An empty status as answer to one's own pull would count as an acknowledgement, if it got there.
	consumer := broker.PluginConsumer("slack")
	next := jetstream.NextSubject(jetstream.PluginAPIPrefix, consumer.Stream, consumer.Name)
	if _, ok := slack.pull(t, "slack"); !ok {
		t.Fatal("slack got no event")
	}
	if err := slack.PublishRequest(next, subject, []byte(`{"batch":1,"no_wait":true}`)); err != nil {
		t.Fatal(err)
	}
	_ = slack.FlushTimeout(time.Second) // the broker may have hung up
	if got := unacknowledged(t, b, "jira"); got != 1 {
		t.Errorf("jira has %d unacknowledged events, want 1", got)
	}
	core := rawCore(t, b)
	core.send(t, subject, "", "")
	eventually.True(t, brokertest.Patience, "the same by the core to work", func() bool { return unacknowledged(t, b, "jira") == 0 })
}

func unacknowledged(t *testing.T, b *brokertest.Broker, plugin string) int {
	t.Helper()
	consumer := broker.PluginConsumer(plugin)
	state, err := b.Core.ConsumerState(t.Context(), consumer.Stream, consumer.Name)
	if err != nil {
		t.Fatal(err)
	}
	return state.Unacknowledged
}

func TestPluginPublishesOnlyItsOwnDecisions(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	slack := rawPlugin(t, b, "slack")
	for _, subject := range []string{
		broker.EventSubject("r1"), broker.ActionSubject("jira", "r1"), broker.ActionSubject("slack", "r1") + ".more",
		broker.ResultSubject("jira", "d1"), broker.ResultSubject("slack", "d1"), "accede.v1.action.slack",
	} {
		slack.wantNoAnswer(t, subject, "forged")
	}
	if _, ok := slack.ask(t, broker.ActionSubject("slack", "r1"), "mine"); !ok {
		t.Error("slack's own decision was not confirmed")
	}
	got := [2]uint64{storedIn(t, b, broker.EventStream), storedIn(t, b, broker.ActionStream)}
	if want := [2]uint64{0, 1}; got != want {
		t.Errorf("stored %d events and decisions, want %d", got, want)
	}
	core := rawCore(t, b)
	for _, subject := range []string{broker.EventSubject("r1"), broker.ActionSubject("jira", "r1")} {
		if _, ok := core.ask(t, subject, "allowed"); !ok {
			t.Errorf("the same by the core to %s was not confirmed", subject)
		}
	}
}

func TestPluginCannotManageJetStream(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	publishEvent(t, b, "r1")
	slack := rawPlugin(t, b, "slack")
	before := topology(t, b)
	for _, request := range managementRequests(t) {
		for _, prefix := range []string{jetstream.PluginAPIPrefix, jetstream.CoreAPIPrefix} {
			slack.wantNoAnswer(t, prefix+"."+request.subject, request.data)
		}
	}
	if diff := cmp.Diff(before, topology(t, b)); diff != "" {
		t.Errorf("streams and consumers (-before +after):\n%s", diff)
	}
	own := broker.PluginConsumer("slack")
	if _, ok := slack.ask(t, jetstream.InfoSubject(jetstream.PluginAPIPrefix, own.Stream, own.Name), ""); !ok {
		t.Error("slack got no answer about its own consumer")
	}
	core := rawCore(t, b)
	for _, request := range managementRequests(t) {
		if _, ok := core.ask(t, jetstream.CoreAPIPrefix+"."+request.subject, request.data); !ok {
			t.Errorf("%s by the core was not answered, so its refusal proves nothing", request.subject)
		}
	}
}

type managementRequest struct{ subject, data string }

func managementRequests(t *testing.T) []managementRequest {
	t.Helper()
	consumer := mustJSON(t, map[string]any{
		"stream_name": broker.EventStream,
		"config": map[string]any{
			"durable_name": "plugin-slack", "name": "plugin-slack", "ack_policy": "none", "filter_subject": "accede.v1.event.>",
		},
	})
	stream := mustJSON(t, map[string]any{"name": broker.EventStream, "subjects": []string{"stolen.>"}})
	return []managementRequest{
		{"INFO", ""},
		{"STREAM.NAMES", ""},
		{"STREAM.LIST", ""},
		{"STREAM.INFO." + broker.EventStream, ""},
		{"STREAM.CREATE.OWN", `{"name":"OWN","subjects":["own.>"]}`},
		{"STREAM.UPDATE." + broker.EventStream, stream},
		{"STREAM.PURGE." + broker.EventStream, ""},
		{"STREAM.MSG.GET." + broker.EventStream, `{"seq":1}`},
		{"STREAM.MSG.DELETE." + broker.EventStream, `{"seq":1}`},
		{"CONSUMER.NAMES." + broker.EventStream, ""},
		{"CONSUMER.LIST." + broker.EventStream, ""},
		{"CONSUMER.INFO." + broker.EventStream + ".plugin-jira", ""},
		{"CONSUMER.CREATE." + broker.EventStream, consumer},
		{"CONSUMER.CREATE." + broker.EventStream + ".plugin-slack", consumer},
		{"CONSUMER.CREATE." + broker.EventStream + ".plugin-slack.accede.v1.event.>", consumer},
		{"CONSUMER.DURABLE.CREATE." + broker.EventStream + ".plugin-slack", consumer},
		{"CONSUMER.DELETE." + broker.EventStream + ".plugin-jira", ""},
		{"CONSUMER.DELETE." + broker.EventStream + ".plugin-slack", ""},
		{"STREAM.DELETE." + broker.EventStream, ""},
	}
}

// topology describes all streams and consumers.
func topology(t *testing.T, b *brokertest.Broker) []string {
	t.Helper()
	core := rawCore(t, b)
	subjects := []string{
		"STREAM.NAMES", "STREAM.INFO." + broker.EventStream,
		"CONSUMER.NAMES." + broker.EventStream, "CONSUMER.INFO." + broker.EventStream + ".plugin-slack",
	}
	var list []string
	for _, subject := range subjects {
		answer, ok := core.ask(t, jetstream.CoreAPIPrefix+"."+subject, "")
		if !ok {
			t.Fatalf("no answer to %s", subject)
		}
		// The time of the answer is in it.
		head, _, _ := strings.Cut(string(answer.Data), `"ts":`)
		list = append(list, head)
	}
	return list
}

func TestPluginHearsOnlyWhatIsMeantForIt(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	slack := rawPlugin(t, b, "slack")
	heard := make(map[string]<-chan *nats.Msg)
	for _, subject := range []string{
		">", "*", "accede.>", "accede.v1.>", "accede.v1.*.>", broker.CallPattern, broker.CallSubject("slack", "*"),
		broker.ResultPattern("jira"), "accede.v1.result.>", "accede.v1.event.>", "accede.v1.action.>", "accede.js.>",
		"_INBOX.>", jetstream.InboxPrefix("jira") + ".>", "_R_.>", "$SYS.>", "$JS.>", "$JS.EVENT.>", "$JS.ACK.>", "$JS.API.>",
	} {
		heard[subject] = slack.subscribe(t, subject)
		slack.wantRefused(t, "listening to "+subject)
	}
	own := slack.subscribe(t, broker.ResultPattern("slack"))
	makeTraffic(t, b)
	select {
	case <-own:
	case <-time.After(brokertest.Patience):
		t.Error("slack did not hear its own result")
	}
	slack.sync(t)
	for subject, received := range heard {
		if len(received) > 0 {
			t.Errorf("slack heard %q by listening to %s", (<-received).Subject, subject)
		}
	}
}

// makeTraffic has the core and another plugin do everything they do.
func makeTraffic(t *testing.T, b *brokertest.Broker) {
	t.Helper()
	stop := answerCalls(t, b, make(chan string, 100))
	defer stop()
	jira := rawPlugin(t, b, "jira")
	publishEvent(t, b, "r1")
	if _, ok := jira.pull(t, "jira"); !ok {
		t.Error("jira got no event")
	}
	if _, ok := jira.ask(t, broker.ActionSubject("jira", "r1"), "decision"); !ok {
		t.Error("jira's decision was not confirmed")
	}
	if _, ok := jira.ask(t, broker.CallSubject("jira", broker.MethodSync), "question"); !ok {
		t.Error("jira's call was not answered")
	}
	for _, plugin := range []string{"jira", "slack"} {
		if err := b.Core.Send(broker.ResultSubject(plugin, "d1"), []byte("granted")); err != nil {
			t.Error(err)
		}
	}
}

// probe is a call that only tells whether calls are answered.
const probe = "accede.v1.rpc.core.probe"

// answerCalls answers every call and notes its subject.
func answerCalls(t *testing.T, b *brokertest.Broker, called chan<- string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- b.Core.Answer(ctx, broker.CallPattern, 2, func(_ context.Context, subject string, _ []byte) []byte {
			if subject != probe {
				called <- subject
			}
			return []byte("answer to " + subject)
		})
	}()
	core := rawCore(t, b)
	eventually.True(t, brokertest.Patience, "calls to be answered", func() bool {
		_, ok := core.ask(t, probe, "")
		return ok
	})
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("answering: %v", err)
		}
	}
}

// The server keeps a note for each answer that has to cross from one account to another. A note that stays behind
// costs memory for minutes, at the rate of events.
func TestAnsweredRequestsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack")
	defer answerCalls(t, b, make(chan string, 1000))()
	slack := b.Plugin(t, "slack")
	const count = 300
	handled := make(chan struct{}, count)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- slack.Consume(ctx, broker.EventStream, "plugin-slack", 8,
			func(ctx context.Context, _ broker.Message) broker.Outcome {
				if _, err := slack.Call(ctx, broker.CallSubject("slack", broker.MethodClaim), nil); err != nil {
					t.Errorf("calling: %v", err)
				}
				handled <- struct{}{}
				return broker.Done()
			})
	}()
	for i := range count {
		publishEvent(t, b, strconv.Itoa(i))
	}
	for range count {
		<-handled
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	server, ok := b.Server.(*embedded.Server)
	if !ok {
		t.Fatalf("the server is a %T", b.Server)
	}
	pending, err := server.PendingAnswers()
	if err != nil || pending > 10 {
		t.Errorf("%d answers are still expected after %d events and calls (%v)", pending, count, err)
	}
}
