package slacksim_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/slack/slacksim"
)

const patience = 10 * time.Second

// app runs slack-go's Socket Mode client and answers every interaction with handle.
func (w *world) app(t *testing.T, handle func(*socketmode.Client, socketmode.Event, slack.InteractionCallback)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	client := socketmode.New(w.api, socketmode.OptionLog(slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)))
	var wg sync.WaitGroup
	wg.Go(func() { _ = client.RunContext(ctx) })
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case event := <-client.Events:
				if callback, ok := event.Data.(slack.InteractionCallback); ok {
					handle(client, event, callback)
				}
			}
		}
	})
	t.Cleanup(func() {
		stop()
		w.sim.Disconnect("", true)
		wg.Wait()
	})
	eventually.True(t, patience, "the app to connect", func() bool { return len(w.sim.Connections()) > 0 })
}

func ackAll(client *socketmode.Client, event socketmode.Event, _ slack.InteractionCallback) {
	_ = client.Ack(*event.Request)
}

func TestClickThroughSlackGo(t *testing.T) {
	w := newWorld(t)
	clicks := make(chan slack.InteractionCallback, 1)
	w.app(t, func(client *socketmode.Client, event socketmode.Event, callback slack.InteractionCallback) {
		_ = client.Ack(*event.Request)
		clicks <- callback
	})
	ts := w.postCard()
	result := w.click("ivan", ts, "approve")
	if !result.OK || result.Via != "socket" || result.ShownError != "" {
		t.Fatalf("%+v", result)
	}
	got := <-clicks
	action := got.ActionCallback.BlockActions[0]
	if got.User.ID != "U0IVAN" || got.User.TeamID != "T0ACCEDE" || got.Team.ID != "T0ACCEDE" || got.APIAppID != "A0ACCEDE" ||
		got.Channel.ID != access || got.Container.MessageTs != ts || got.Container.ChannelID != access ||
		action.ActionID != "approve" || action.Value != "r1" || action.BlockID != "decide" || action.ActionTs == "" ||
		got.Message.Metadata.EventPayload["key"] != "k1" || got.TriggerID != result.TriggerID ||
		!strings.HasPrefix(got.ResponseURL, w.url+"/actions/T0ACCEDE/") {
		t.Errorf("%+v", got)
	}
}

func TestForeignersAndGuestsClickLikeEverybody(t *testing.T) {
	w := newWorld(t)
	teams := make(chan string, 2)
	w.app(t, func(client *socketmode.Client, event socketmode.Event, callback slack.InteractionCallback) {
		teams <- callback.User.ID + " " + callback.User.TeamID
		_ = client.Ack(*event.Request)
	})
	ts := w.postCard()
	w.click("mallory", ts, "approve")
	w.click("dave", ts, "approve")
	if got := []string{<-teams, <-teams}; got[0] != "U0MALLORY T0EVIL" || got[1] != "U0DAVE T0ACCEDE" {
		t.Errorf("%v", got)
	}
}

func denyModal() slack.ModalViewRequest {
	plain := func(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }
	input := slack.NewPlainTextInputBlockElement(nil, "text")
	input.Multiline = true
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain("Deny"), Submit: plain("Deny"), Close: plain("Cancel"), CallbackID: "deny",
		PrivateMetadata: "r1", Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewInputBlock("reason", plain("Why?"), nil, input)}},
	}
}

func reason(words string) map[string]map[string]string {
	return map[string]map[string]string{"reason": {"text": words}}
}

func TestModalThroughSlackGo(t *testing.T) {
	w := newWorld(t)
	said := make(chan string, 1)
	w.app(t, func(client *socketmode.Client, event socketmode.Event, callback slack.InteractionCallback) {
		switch callback.Type {
		case slack.InteractionTypeBlockActions:
			if _, err := w.api.OpenViewContext(t.Context(), callback.TriggerID, denyModal()); err != nil {
				t.Error(err)
			}
			_ = client.Ack(*event.Request)
		case slack.InteractionTypeViewSubmission:
			words := callback.View.State.Values["reason"]["text"].Value
			if words == "no" {
				_ = client.Ack(*event.Request, slack.NewErrorsViewSubmissionResponse(map[string]string{"reason": "Say more."}))
				return
			}
			said <- callback.View.PrivateMetadata + " " + callback.View.CallbackID + " " + words
			_ = client.Ack(*event.Request)
		default:
			t.Errorf("unexpected %s", callback.Type)
		}
	})
	opened := w.click("bob", w.postCard(), "deny")
	if opened.ViewID == "" {
		t.Fatalf("no modal opened: %+v", opened)
	}
	submit := func(words string) slacksim.Result {
		r, err := w.sim.Submit(t.Context(), slacksim.Submission{User: "bob", ViewID: opened.ViewID, Values: reason(words)})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := submit(""); r.FieldErrors["reason"] == "" || r.Via != "" {
		t.Errorf("an empty required field was sent: %+v", r)
	}
	if r := submit("no"); r.FieldErrors["reason"] != "Say more." || len(w.sim.Views("U0BOB")) != 1 {
		t.Errorf("errors: %+v", r)
	}
	if r := submit("not this week"); !r.OK || r.ViewID != "" {
		t.Errorf("%+v", r)
	}
	if got := <-said; got != "r1 deny not this week" {
		t.Errorf("got %q", got)
	}
	if len(w.sim.Views("")) != 0 {
		t.Error("the modal is still open")
	}
}

func TestTriggers(t *testing.T) {
	w := newWorld(t)
	w.app(t, ackAll)
	ts := w.postCard()
	open := func(trigger string) string {
		_, err := w.api.OpenViewContext(t.Context(), trigger, denyModal())
		if err != nil {
			return err.Error()
		}
		return ""
	}
	first := w.click("bob", ts, "deny").TriggerID
	if got := open(first); got != "" {
		t.Errorf("first use: %s", got)
	}
	if got := open(first); got != "exchanged_trigger_id" {
		t.Errorf("second use: %s", got)
	}
	if got := open("1.2.nonsense"); got != "invalid_trigger_id" {
		t.Errorf("unknown: %s", got)
	}
	late := w.click("bob", ts, "deny").TriggerID
	w.clock.Advance(4 * time.Second)
	if got := open(late); got != "expired_trigger_id" {
		t.Errorf("after 4 s: %s", got)
	}
}

func TestUpdateView(t *testing.T) {
	w := newWorld(t)
	w.app(t, ackAll)
	trigger := w.click("bob", w.postCard(), "deny").TriggerID
	opened, err := w.api.OpenViewContext(t.Context(), trigger, denyModal())
	if err != nil {
		t.Fatal(err)
	}
	changed := denyModal()
	changed.PrivateMetadata = "r2"
	updated, err := w.api.UpdateViewContext(t.Context(), changed, "", opened.Hash, opened.ID)
	if err != nil || updated.PrivateMetadata != "r2" {
		t.Fatalf("%+v %v", updated, err)
	}
	if _, err := w.api.UpdateViewContext(t.Context(), changed, "", opened.Hash, opened.ID); err == nil || err.Error() != "hash_conflict" {
		t.Errorf("old hash: %v", err)
	}
	if _, err := w.api.UpdateViewContext(t.Context(), changed, "", "", "V0NONE"); err == nil || err.Error() != "not_found" {
		t.Errorf("unknown view: %v", err)
	}
	changed.Title.Text = strings.Repeat("x", 25)
	if _, err := w.api.UpdateViewContext(t.Context(), changed, "", "", opened.ID); err == nil || err.Error() != "invalid_arguments" {
		t.Errorf("long title: %v", err)
	}
}

func TestNobodyConnected(t *testing.T) {
	w := newWorld(t)
	if r := w.click("bob", w.postCard(), "approve"); r.OK || r.ShownError != "The app is not connected." {
		t.Errorf("%+v", r)
	}
}

// dial opens a raw socket and reads its hello.
func (w *world) dial(t *testing.T) *websocket.Conn {
	t.Helper()
	_, address, err := w.api.StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := dialTo(t, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func dialTo(t *testing.T, address string) (*websocket.Conn, error) {
	t.Helper()
	origin := http.Header{"Origin": {"https://api.slack.com"}}
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), address, origin) //nolint:bodyclose // a socket has no body
	return conn, err
}

type frame struct {
	Type       string         `json:"type"`
	Reason     string         `json:"reason"`
	EnvelopeID string         `json:"envelope_id"`
	Payload    map[string]any `json:"payload"`
}

func read(t *testing.T, conn *websocket.Conn) frame {
	t.Helper()
	var f frame
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if err := conn.ReadJSON(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTicketsWorkOnce(t *testing.T) {
	w := newWorld(t)
	_, address, err := w.api.StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := dialTo(t, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := dialTo(t, address); err == nil {
		t.Error("a ticket worked twice")
	}
}

func TestAtMostTenSockets(t *testing.T) {
	w := newWorld(t)
	for range 10 {
		if f := read(t, w.dial(t)); f.Type != "hello" {
			t.Fatalf("%+v", f)
		}
	}
	if f := read(t, w.dial(t)); f.Type != "disconnect" || f.Reason != "too_many_websockets" {
		t.Errorf("%+v", f)
	}
}

func TestPings(t *testing.T) {
	w := newWorld(t)
	conn := w.dial(t)
	pinged := make(chan struct{}, 1)
	conn.SetPingHandler(func(string) error {
		select {
		case pinged <- struct{}{}:
		default:
		}
		return nil
	})
	go func() { _, _, _ = conn.ReadMessage(); _, _, _ = conn.ReadMessage() }()
	select {
	case <-pinged:
	case <-time.After(patience):
		t.Error("no ping")
	}
}

func TestEachEnvelopeGoesToOneConnection(t *testing.T) {
	w := newWorld(t)
	counts := make([]int, 3)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range counts {
		conn := w.dial(t)
		read(t, conn)
		wg.Go(func() {
			for {
				var f frame
				if conn.ReadJSON(&f) != nil {
					return
				}
				mu.Lock()
				counts[i]++
				mu.Unlock()
				_ = conn.WriteJSON(map[string]string{"envelope_id": f.EnvelopeID})
			}
		})
	}
	ts := w.postCard()
	for range 30 {
		if r := w.click("bob", ts, "approve"); !r.OK {
			t.Fatalf("%+v", r)
		}
	}
	w.sim.Disconnect("", true)
	wg.Wait()
	if counts[0]+counts[1]+counts[2] != 30 || counts[0] == 0 || counts[1] == 0 || counts[2] == 0 {
		t.Errorf("spread %v", counts)
	}
}

func TestLargeAcknowledgementsAreDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.dial(t)
	read(t, conn)
	go func() {
		var f frame
		if conn.ReadJSON(&f) == nil {
			_ = conn.WriteJSON(map[string]string{"envelope_id": f.EnvelopeID, "payload": strings.Repeat("x", 20<<10)})
		}
	}()
	if r := w.click("bob", w.postCard(), "approve"); r.OK || !strings.Contains(r.ShownError, "3 seconds") {
		t.Errorf("%+v", r)
	}
}

func TestReconnectsWhenAsked(t *testing.T) {
	w := newWorld(t)
	w.app(t, ackAll)
	before := w.sim.Connections()[0].ID
	if n := w.sim.Disconnect("refresh_requested", false); n != 1 {
		t.Fatalf("told %d", n)
	}
	eventually.True(t, patience, "a new connection", func() bool {
		now := w.sim.Connections()
		return len(now) == 1 && now[0].ID != before
	})
	if r := w.click("bob", w.postCard(), "approve"); !r.OK {
		t.Errorf("%+v", r)
	}
}

func TestDuplicatesAndDelays(t *testing.T) {
	w := newWorld(t)
	triggers := make(chan string, 2)
	w.app(t, func(client *socketmode.Client, event socketmode.Event, callback slack.InteractionCallback) {
		_ = client.Ack(*event.Request)
		triggers <- callback.TriggerID
	})
	w.raw("PUT", "/sandbox/faults", "", "", `{"deliver_twice":true,"deliver_late_ms":20}`)
	r := w.click("bob", w.postCard(), "approve")
	if !r.OK || !r.Twice {
		t.Errorf("%+v", r)
	}
	if a, b := <-triggers, <-triggers; a != b {
		t.Errorf("%s and %s are different clicks", a, b)
	}
}
