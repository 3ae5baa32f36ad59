package slacksim_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/accede/accede/plugins/standin"
)

func TestPostUpdateDelete(t *testing.T) {
	w := newWorld(t)
	ts := w.postCard()
	if !regexp.MustCompile(`^\d+\.\d{6}$`).MatchString(ts) {
		t.Errorf("ts %q", ts)
	}
	channel, same, _, err := w.api.UpdateMessageContext(t.Context(), access, ts, slack.MsgOptionText("done", false),
		slack.MsgOptionBlocks(slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "*Approved*", false, false), nil, nil)))
	if err != nil || channel != access || same != ts {
		t.Fatalf("%s %s %v", channel, same, err)
	}
	got := w.sim.Messages()
	if len(got) != 1 || got[0].Text != "done" || got[0].Updates != 1 || got[0].Edited == nil || got[0].Key != "k1" {
		t.Fatalf("%+v", got)
	}
	if strings.Contains(string(got[0].Blocks), "approve") {
		t.Error("the buttons survived the update")
	}
	if _, _, err := w.api.DeleteMessageContext(t.Context(), access, ts); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := w.api.UpdateMessageContext(t.Context(), access, ts, slack.MsgOptionText("x", false)); err == nil || err.Error() != "message_not_found" {
		t.Errorf("updating what is gone: %v", err)
	}
	if got := w.sim.Messages(); !got[0].Deleted || w.sim.Stats().Keys["k1"].Live != 0 {
		t.Errorf("%+v", got)
	}
}

func TestUpdateKeepsAndReplaces(t *testing.T) {
	w := newWorld(t)
	ts := w.postCard()
	w.ok("chat.update", "channel", access, "ts", ts, "blocks", `[{"type":"divider"}]`)
	if m := w.sim.Messages()[0]; m.Text != "asks" || m.Key != "k1" {
		t.Errorf("blocks alone changed text or metadata: %+v", m)
	}
	w.ok("chat.update", "channel", access, "ts", ts, "text", "plain now")
	if m := w.sim.Messages()[0]; len(m.Blocks) != 0 || m.Key != "k1" {
		t.Errorf("text alone must remove the blocks: %+v", m)
	}
	w.ok("chat.update", "channel", access, "ts", ts, "text", "x", "metadata", `{"event_type":"e","event_payload":{"key":"k2"}}`)
	if m := w.sim.Messages()[0]; m.Key != "k2" {
		t.Errorf("metadata: %+v", m)
	}
}

func TestWhereOneMayPost(t *testing.T) {
	w := newWorld(t)
	for channel, want := range map[string]string{
		"C0ACCESS": "", "#access-requests": "", "access-requests": "", "G0SEC": "", "U0BOB": "",
		"C0OPS": "not_in_channel", "C0NONE": "channel_not_found", "": "channel_not_found", "#nope": "channel_not_found",
		"U0MALLORY": "user_not_visible", "U0BOT": "cannot_dm_bot",
	} {
		out := w.form("chat.postMessage", "channel", channel, "text", "hello")
		if got, _ := out["error"].(string); got != want {
			t.Errorf("%q: %v, want %q", channel, out, want)
		}
	}
	public := newWorld(t, botScopes("chat:write", "chat:write.public"))
	public.ok("chat.postMessage", "channel", "C0OPS", "text", "hello")
	if out := w.form("chat.postMessage", "channel", access); out["error"] != "no_text" {
		t.Errorf("%v", out)
	}
}

func TestDirectMessage(t *testing.T) {
	w := newWorld(t)
	ch, _, existed, err := w.api.OpenConversationContext(t.Context(), &slack.OpenConversationParameters{Users: []string{"U0BOB"}})
	if err != nil || existed || !strings.HasPrefix(ch.ID, "D") {
		t.Fatalf("%+v %v %v", ch, existed, err)
	}
	again, _, existed, err := w.api.OpenConversationContext(t.Context(), &slack.OpenConversationParameters{Users: []string{"U0BOB"}, ReturnIM: true})
	if err != nil || !existed || again.ID != ch.ID || again.User != "U0BOB" {
		t.Fatalf("%+v %v %v", again, existed, err)
	}
	posted, ts, err := w.api.PostMessageContext(t.Context(), "U0BOB", slack.MsgOptionText("hi", false))
	if err != nil || posted != ch.ID {
		t.Fatalf("a post to U0BOB went to %q, %v", posted, err)
	}
	if out := w.form("chat.update", "channel", "U0BOB", "ts", ts, "text", "x"); out["error"] != "channel_not_found" {
		t.Errorf("chat.update took a user id: %v", out)
	}
	w.ok("chat.update", "channel", ch.ID, "ts", ts, "text", "x")
	if out := w.form("conversations.open", "users", "U0NOBODY"); out["error"] != "user_not_found" {
		t.Errorf("%v", out)
	}
	if out := w.form("conversations.open", "users", "U0IVAN", "prevent_creation", "true"); out["error"] != "channel_not_found" {
		t.Errorf("%v", out)
	}
}

func TestEphemeral(t *testing.T) {
	w := newWorld(t)
	ts, err := w.api.PostEphemeralContext(t.Context(), access, "U0CAROL", slack.MsgOptionText("psst", false))
	if err != nil || ts == "" {
		t.Fatal(ts, err)
	}
	if _, err := w.api.PostEphemeralContext(t.Context(), "G0SEC", "U0CAROL", slack.MsgOptionText("x", false)); err == nil || err.Error() != "user_not_in_channel" {
		t.Errorf("not a member: %v", err)
	}
	if got := w.sim.Ephemerals("U0CAROL"); len(got) != 1 || got[0].Text != "psst" {
		t.Errorf("%+v", got)
	}
	if got := w.sim.Ephemerals("U0BOB"); len(got) != 0 {
		t.Errorf("bob sees %+v", got)
	}
	if out := w.form("chat.update", "channel", access, "ts", ts, "text", "x"); out["error"] != "message_not_found" {
		t.Errorf("an ephemeral message was updated: %v", out)
	}
	if h := w.history(t, &slack.GetConversationHistoryParameters{ChannelID: access}); len(h.Messages) != 0 {
		t.Errorf("history shows it: %+v", h.Messages)
	}
}

func (w *world) history(t *testing.T, p *slack.GetConversationHistoryParameters) *slack.GetConversationHistoryResponse {
	t.Helper()
	h, err := w.api.GetConversationHistoryContext(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	var stamps []string
	for i := range 5 {
		_, ts, err := w.api.PostMessageContext(t.Context(), access, slack.MsgOptionText(fmt.Sprint(i), false), key(fmt.Sprint("key-", i)))
		if err != nil {
			t.Fatal(err)
		}
		stamps = append(stamps, ts)
	}
	w.ok("chat.postMessage", "channel", access, "text", "reply", "thread_ts", stamps[0])
	w.ok("chat.postMessage", "channel", access, "text", "shown", "thread_ts", stamps[0], "reply_broadcast", "true")

	tests := []struct {
		name string
		p    slack.GetConversationHistoryParameters
		want string
	}{
		{"all, newest first, replies only when broadcast", slack.GetConversationHistoryParameters{}, "shown 4 3 2 1 0"},
		{"oldest is exclusive", slack.GetConversationHistoryParameters{Oldest: stamps[3]}, "shown 4"},
		{"unless inclusive", slack.GetConversationHistoryParameters{Oldest: stamps[3], Inclusive: true}, "shown 4 3"},
		{"latest is exclusive", slack.GetConversationHistoryParameters{Latest: stamps[2]}, "1 0"},
		{"both, inclusive", slack.GetConversationHistoryParameters{Oldest: stamps[1], Latest: stamps[2], Inclusive: true}, "2 1"},
		{"limit", slack.GetConversationHistoryParameters{Limit: 2}, "shown 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.p.ChannelID = access
			var got []string
			for _, m := range w.history(t, &tt.p).Messages {
				got = append(got, m.Text)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("pages", func(t *testing.T) { w.pageThrough(t, 6) })
	t.Run("metadata only when asked for", func(t *testing.T) {
		p := &slack.GetConversationHistoryParameters{ChannelID: access, Limit: 2}
		if m := w.history(t, p).Messages[1]; m.Metadata.EventType != "" {
			t.Errorf("%+v", m.Metadata)
		}
		p.IncludeAllMetadata = true
		if m := w.history(t, p).Messages[1]; m.Metadata.EventPayload["key"] != "key-4" || m.BotID != "B0BOT" {
			t.Errorf("%+v", m)
		}
	})
	t.Run("replies", func(t *testing.T) { w.readThread(t, stamps[0]) })
}

func (w *world) pageThrough(t *testing.T, want int) {
	t.Helper()
	seen, cursor := map[string]bool{}, ""
	for range want {
		h := w.history(t, &slack.GetConversationHistoryParameters{ChannelID: access, Limit: 2, Cursor: cursor})
		for _, m := range h.Messages {
			seen[m.Timestamp] = true
		}
		if cursor = h.ResponseMetaData.NextCursor; cursor == "" {
			break
		}
	}
	if len(seen) != want || cursor != "" {
		t.Errorf("saw %d of %d, cursor %q", len(seen), want, cursor)
	}
}

func (w *world) readThread(t *testing.T, ts string) {
	t.Helper()
	replies, more, _, err := w.api.GetConversationRepliesContext(t.Context(), &slack.GetConversationRepliesParameters{ChannelID: access, Timestamp: ts})
	if err != nil || more || len(replies) != 3 || replies[0].ReplyCount != 2 || replies[1].Text != "reply" || replies[1].ThreadTimestamp != ts {
		t.Errorf("%+v %v", replies, err)
	}
	if out := w.form("conversations.replies", "channel", access, "ts", "1.000000"); out["error"] != "thread_not_found" {
		t.Errorf("%v", out)
	}
}

func TestHistoryIsForMembers(t *testing.T) {
	w := newWorld(t)
	for channel, want := range map[string]string{"C0OPS": "not_in_channel", "C0NONE": "channel_not_found"} {
		if out := w.form("conversations.history", "channel", channel); out["error"] != want {
			t.Errorf("%s: %v", channel, out)
		}
	}
	for name, field := range map[string]string{"invalid_ts_oldest": "oldest", "invalid_ts_latest": "latest", "invalid_cursor": "cursor"} {
		if out := w.form("conversations.history", "channel", access, field, "nonsense"); out["error"] != name {
			t.Errorf("%s: %v", name, out)
		}
	}
}

func TestReplyToADeletedMessageIsUnthreaded(t *testing.T) {
	w := newWorld(t)
	ts := w.postCard()
	w.ok("chat.delete", "channel", access, "ts", ts)
	out := w.ok("chat.postMessage", "channel", access, "text", "late", "thread_ts", ts)
	if message, _ := out["message"].(map[string]any); message["thread_ts"] != nil {
		t.Errorf("%v", out)
	}
}

// TestTimestampsAreUnique posts from many goroutines: no two messages of a channel share a ts.
func TestTimestampsAreUnique(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				_, _, err := w.api.PostMessageContext(t.Context(), access, card(), key("k"))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	last := ""
	for _, m := range w.sim.Messages() {
		if m.TS <= last {
			t.Fatalf("%s after %s", m.TS, last)
		}
		last = m.TS
	}
	stats := w.sim.Stats()
	want := standin.Stats{Accepted: 200, DistinctKeys: 1, Duplicated: []string{"k"}}
	if stats.Accepted != want.Accepted || stats.DistinctKeys != 1 || stats.Keys["k"].Accepted != 200 {
		t.Errorf("%+v", stats)
	}
}

func TestRealRateLimit(t *testing.T) {
	w := newWorld(t)
	w.raw("PUT", "/sandbox/faults", "", "", `{"rate_limit_real":true,"retry_after":2}`)
	var limited *slack.RateLimitedError
	for range 5 {
		_, _, err := w.api.PostMessageContext(t.Context(), access, slack.MsgOptionText("x", false))
		if err != nil {
			limited = asLimited(t, err)
		}
	}
	if limited == nil || limited.RetryAfter != 2*time.Second {
		t.Fatalf("five posts at once were not limited: %v", limited)
	}
	if _, _, err := w.api.PostMessageContext(t.Context(), "G0SEC", slack.MsgOptionText("x", false)); err != nil {
		t.Errorf("another channel is limited too: %v", err)
	}
	w.clock.Advance(5 * time.Second)
	if _, _, err := w.api.PostMessageContext(t.Context(), access, slack.MsgOptionText("x", false)); err != nil {
		t.Errorf("still limited after a wait: %v", err)
	}
}

func asLimited(t *testing.T, err error) *slack.RateLimitedError {
	t.Helper()
	limited, ok := errors.AsType[*slack.RateLimitedError](err)
	if !ok {
		t.Fatalf("not a rate limit: %v", err)
	}
	return limited
}
