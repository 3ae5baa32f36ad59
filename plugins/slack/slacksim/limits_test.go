package slacksim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func long(n int) string { return strings.Repeat("ä", n) }

func list(n int, item string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = strings.ReplaceAll(item, "#", fmt.Sprint(i))
	}
	return "[" + strings.Join(items, ",") + "]"
}

func section(n int) string {
	return `[{"type":"section","text":{"type":"plain_text","text":"` + long(n) + `"}}]`
}

func buttons(more string) string {
	return `[{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"Go"}` + more + `}]}]`
}

func TestBlockLimits(t *testing.T) {
	w := newWorld(t)
	const divider = `{"type":"divider"}`
	const field = `{"type":"mrkdwn","text":"x"}`
	const btn = `{"type":"button","action_id":"a#","text":{"type":"plain_text","text":"x"}}`
	tests := []struct {
		name, blocks, want string
	}{
		{"50 blocks", list(50, divider), ""},
		{"51 blocks", list(51, divider), "invalid_blocks"},
		{"section of 3000", section(3000), ""},
		{"section of 3001", section(3001), "invalid_blocks"},
		{"empty section", section(0), "invalid_blocks"},
		{"section without text", `[{"type":"section"}]`, "invalid_blocks"},
		{"10 fields", `[{"type":"section","fields":` + list(10, field) + `}]`, ""},
		{"11 fields", `[{"type":"section","fields":` + list(11, field) + `}]`, "invalid_blocks"},
		{"field of 2001", `[{"type":"section","fields":[{"type":"mrkdwn","text":"` + long(2001) + `"}]}]`, "invalid_blocks"},
		{"header of 150", `[{"type":"header","text":{"type":"plain_text","text":"` + long(150) + `"}}]`, ""},
		{"header of 151", `[{"type":"header","text":{"type":"plain_text","text":"` + long(151) + `"}}]`, "invalid_blocks"},
		{"header in mrkdwn", `[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`, "invalid_blocks"},
		{"25 buttons", `[{"type":"actions","elements":` + list(25, btn) + `}]`, ""},
		{"26 buttons", `[{"type":"actions","elements":` + list(26, btn) + `}]`, "invalid_blocks"},
		{"no buttons", `[{"type":"actions","elements":[]}]`, "invalid_blocks"},
		{"10 in a context", `[{"type":"context","elements":` + list(10, field) + `}]`, ""},
		{"11 in a context", `[{"type":"context","elements":` + list(11, field) + `}]`, "invalid_blocks"},
		{"button value of 2000", buttons(`,"value":"` + long(2000) + `"`), ""},
		{"button value of 2001", buttons(`,"value":"` + long(2001) + `"`), "invalid_blocks"},
		{"button url", buttons(`,"url":"https://example.com/` + strings.Repeat("x", 3000) + `"`), "invalid_blocks"},
		{"button url without scheme", buttons(`,"url":"example"`), "invalid_blocks"},
		{"button style", buttons(`,"style":"purple"`), "invalid_blocks"},
		{"incomplete confirm", buttons(`,"confirm":{}`), "invalid_blocks"},
		{"same action id", `[{"type":"actions","elements":` + list(2, strings.ReplaceAll(btn, "#", "")) + `}]`, "invalid_blocks"},
		{"same block id", list(2, `{"type":"divider","block_id":"b"}`), "invalid_blocks"},
		{"long block id", `[{"type":"divider","block_id":"` + long(256) + `"}]`, "invalid_blocks"},
		{"unknown type", `[{"type":"banner"}]`, "invalid_blocks"},
		{"no type", `[{}]`, "invalid_blocks"},
		{"not an object", `[1]`, "invalid_blocks"},
		{"not JSON", `nonsense`, "invalid_blocks_format"},
		{"13,200 characters in all", list(5, section(2641)[1:len(section(2641))-1]), "msg_blocks_too_long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := w.form("chat.postMessage", "channel", access, "text", "x", "blocks", tt.blocks)
			if got, _ := out["error"].(string); got != tt.want {
				t.Errorf("got %v, want %q", out, tt.want)
			}
		})
	}
	out := w.form("chat.postMessage", "channel", access, "blocks", section(3001))
	want := "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
	if got := fmt.Sprint(out["response_metadata"]); !strings.Contains(got, want) {
		t.Errorf("response_metadata %s", got)
	}
}

func TestTextLimits(t *testing.T) {
	w := newWorld(t)
	out := w.ok("chat.postMessage", "channel", access, "text", long(40_001))
	if got := text(t, out, "message", "text"); len([]rune(got)) != 40_000 {
		t.Errorf("posted %d characters", len([]rune(got)))
	}
	ts := text(t, out, "ts")
	for name, tt := range map[string]struct{ method, field, value, want string }{
		"update of 4000":  {"chat.update", "text", long(4000), ""},
		"update of 4001":  {"chat.update", "text", long(4001), "msg_too_long"},
		"markdown":        {"chat.postMessage", "markdown_text", long(12_000), ""},
		"long markdown":   {"chat.postMessage", "markdown_text", long(12_001), "msg_too_long"},
		"attachments":     {"chat.postMessage", "attachments", list(101, "{}"), "too_many_attachments"},
		"bad attachments": {"chat.postMessage", "attachments", "{}", "invalid_attachments"},
		"bad metadata":    {"chat.postMessage", "metadata", `{"event_type":"a b","event_payload":{}}`, "invalid_metadata_format"},
		"no payload":      {"chat.postMessage", "metadata", `{"event_type":"a"}`, "invalid_metadata_format"},
		"large metadata":  {"chat.postMessage", "metadata", `{"event_type":"a","event_payload":{"key":"` + long(9000) + `"}}`, "metadata_too_large"},
		"bad thread":      {"chat.postMessage", "thread_ts", "yesterday", "invalid_thread_ts"},
	} {
		t.Run(name, func(t *testing.T) {
			fields := []string{"channel", access, "ts", ts, tt.field, tt.value}
			if tt.field != "text" && tt.field != "markdown_text" {
				fields = append(fields, "text", "x")
			}
			out := w.form(tt.method, fields...)
			if got, _ := out["error"].(string); got != tt.want {
				t.Errorf("got %v, want %q", out["error"], tt.want)
			}
		})
	}
}

func TestMissingIDsAreAdded(t *testing.T) {
	w := newWorld(t)
	w.ok("chat.postMessage", "channel", access, "blocks", `[{"type":"divider"},{"type":"divider","block_id":"mine"}]`)
	var blocks []struct {
		ID string `json:"block_id"`
	}
	if err := json.Unmarshal(w.sim.Messages()[0].Blocks, &blocks); err != nil {
		t.Fatal(err)
	}
	if len(blocks) != 2 || blocks[0].ID == "" || blocks[1].ID != "mine" {
		t.Errorf("%+v", blocks)
	}
}
