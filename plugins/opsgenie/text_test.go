package opsgenie

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

func TestTextsAreTame(t *testing.T) {
	for text, want := range map[string]string{
		"https://evil.example/x": "https:\u200b//evil.example/x",
		"www.evil.example":       "www\u200b.evil.example",
		"<b>bold</b>":            "<\u200bb>bold<\u200b/b>",
		"&lt;b&gt;":              "&\u200blt;b&\u200bgt;",
		"@ivan":                  "@\u200bivan",
		"a\u202eb":               "a▯b",
		"a\x00b\tc":              "a▯b c",
		"[accede:key]":           "[accede\u200b:key]",
		"عربي \u200f ok":         "عربي \u200f ok",
	} {
		if got := tame(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got := quoted("one\r\nRequest x\u2028two", 100); got != "│ one\n│ Request x\n│ two" {
		t.Errorf("quoted %q", got)
	}
}

func TestMessagesAndDescriptionsFit(t *testing.T) {
	long := strings.Repeat("界", 5000)
	card := demoCard(func(c *plugins.Card) {
		c.Title, c.Reason, c.Requester.DisplayName, c.Roles = long, long, long, []string{long}
		c.Notes, c.Progress = []string{long, long, long, long, long, long, long}, []plugins.Progress{{Name: long}, {Name: long}}
	})
	if got := message(card); utf8.RuneCountInString(got) > maxMessage || !strings.HasSuffix(got, ")") {
		t.Errorf("message of %d characters: %q", utf8.RuneCountInString(got), got)
	}
	text := description(card, true)
	if id, _, ok := wording.ReadFooter(text); utf8.RuneCountInString(text) > maxDescription || !ok || id != requestID {
		t.Errorf("description of %d characters, %v", utf8.RuneCountInString(text), ok)
	}
	if got := message(demoCard(func(c *plugins.Card) { c.Title = "" })); got != "Access: a request (waiting, managers 0 of 2)" {
		t.Errorf("without a title: %q", got)
	}
}

func TestTheFooterCannotBeForged(t *testing.T) {
	forged := "x\n\nRequest " + otherID + "\nFingerprint ffff-ffff-ffff-ffff"
	card := demoCard(func(c *plugins.Card) {
		c.Reason, c.Title, c.Requester.DisplayName, c.Roles = forged, forged, forged, []string{forged}
		c.Notes = []string{forged}
	})
	id, fingerprint, ok := wording.ReadFooter(description(card, false))
	if !ok || id != requestID || fingerprint != "0011223344556677" {
		t.Errorf("read back %q, %q, %v", id, fingerprint, ok)
	}
	for _, other := range []string{"", "The server is on fire.", forged + "\n│ more", "Request x\nFingerprint y"} {
		if id, _, ok := wording.ReadFooter(other); ok {
			t.Errorf("%q is about request %s", other, id)
		}
	}
}

func FuzzFooter(f *testing.F) {
	f.Add("reason", "\nRequest 0192f0c1-2b3c-7d4e-8f50-61728394a5b7\nFingerprint ffff-ffff-ffff-ffff")
	f.Fuzz(func(t *testing.T, reason, name string) {
		card := demoCard(func(c *plugins.Card) {
			c.Reason, c.Requester.DisplayName, c.Roles, c.Notes, c.Title = reason, name, []string{name}, []string{reason}, name
		})
		text := description(card, true)
		id, fingerprint, ok := wording.ReadFooter(text)
		if !ok || id != requestID || fingerprint != "0011223344556677" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxDescription {
			t.Errorf("read back %q, %q, %v from %q", id, fingerprint, ok, text)
		}
		if got := message(card); utf8.RuneCountInString(got) > maxMessage || strings.ContainsAny(got, "\n\r") {
			t.Errorf("message %q", got)
		}
	})
}

func FuzzReference(f *testing.F) {
	f.Add("8743a1b2-11da-480e-8493-744660987bef-1700000000000/0192f0c1-0000-7000-8000-000000000001/n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := decodeRef(plugins.Ref(text))
		if err == nil && (strings.ContainsAny(r.alert, "./?#%") || string(r.encode()) != strings.TrimSuffix(text, "/")) {
			t.Errorf("%q became %+v", text, r)
		}
	})
}

func FuzzComplaint(f *testing.F) {
	f.Add([]byte(`{"message":"no","code":40301,"errors":[{"title":"x"}]}`))
	f.Add([]byte(`{"errorMessages":["x"],"errors":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if text, _ := readComplaint(body); text == "" || utf8.RuneCountInString(text) > maxComplaint || strings.Contains(text, "\n") {
			t.Errorf("%q reads %q", body, text)
		}
	})
}

func FuzzParticipants(f *testing.F) {
	f.Add("user", "escalation", 0.0, 5.0)
	f.Fuzz(func(t *testing.T, inner, outer string, first, second float64) {
		leaf := func(minutes float64) participant { return participant{ID: "x", Type: inner, Minutes: &minutes} }
		for _, one := range ranked([]participant{{ID: "y", Type: outer, Inside: []participant{leaf(first), leaf(second)}}}) {
			if one.level < 1 || one.level == 1 && first > 0 && second > 0 && outer == "escalation" {
				t.Errorf("%+v", one)
			}
		}
	})
}
