package teams

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accede/accede/plugins/wording"
)

func FuzzActivity(f *testing.F) {
	f.Add([]byte(`{"type":"invoke","name":"adaptiveCard/action","id":"f:1","serviceUrl":"https://x/","conversation":{"id":"19:a;messageid=1"},` +
		`"value":{"action":{"type":"Action.Execute","verb":"approve","data":{"accede":"x","reason":"y"}}}}`))
	f.Add([]byte(`{"type":"message","serviceUrl":"x","conversation":{"id":"a"},"value":{"accede":"x","verb":"deny"},"channelData":{"tenant":{"id":"T"}}}`))
	f.Add([]byte(`{"type":"message","serviceUrl":"x","conversation":{"id":"a"},"value":null,"membersRemoved":[{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseActivity(body)
		if err != nil {
			return
		}
		if a.Type == "" || a.Conversation.ID == "" {
			t.Error("an activity without type or conversation was read")
		}
		if strings.Contains(a.room(), ";") || strings.HasSuffix(a.service(), "//") && !strings.HasSuffix(a.ServiceURL, "///") {
			t.Errorf("room %q, service %q", a.room(), a.service())
		}
		_, _ = a.tenant(), a.removesBot()
		if _, err := parsePress(a); err == nil && !a.hasValue() && a.Type == typeInvoke {
			t.Error("a click without a value was read")
		}
	})
}

func FuzzError(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"BotNotInConversationRoster","message":"x"}}`))
	f.Add([]byte(`{"errorCode":209,"message":"{\"subCode\":\"MessageWritesBlocked\",\"details\":\"x\"}"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		code, message := parseError(body)
		failed := &apiError{status: 403, code: code, message: message}
		if kind, public := classify(creates, failed); kind == "" || public == "" {
			t.Errorf("%q is of no kind", body)
		}
	})
}

func FuzzKeys(f *testing.F) {
	f.Add("AQAB", "AQAB")
	f.Fuzz(func(t *testing.T, modulus, exponent string) {
		if key, ok := rsaKey(modulus, exponent); ok && (key.N.BitLen() > 8*2048 || key.E < 3) {
			t.Errorf("took a key of %d bits with exponent %d", key.N.BitLen(), key.E)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("a\u202eb {{DATE(2026-01-01T00:00:00Z)}}\n", 20)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < ruler.Length(wording.CutMark) || limit > 5000 {
			return
		}
		got := oneLine(text, limit)
		if !utf8.ValidString(got) || ruler.Length(got) > limit || strings.Contains(got, "\n") || strings.Contains(got, "{{") {
			t.Errorf("%q becomes %q", text, got)
		}
		if lines := quoted(text, limit, 7); len(lines) > 8 {
			t.Errorf("%d lines", len(lines))
		}
	})
}

func FuzzChannel(f *testing.F) {
	f.Add("https://teams.microsoft.com/l/channel/19%3aAbC%40thread.tacv2/General")
	f.Fuzz(func(t *testing.T, text string) {
		if id, ok := channelOf(text); ok && strings.ContainsAny(id, " /;?%\n") {
			t.Errorf("%q gives %q", text, id)
		}
	})
}
