package pagerduty

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

func TestTheFooterCannotBeForged(t *testing.T) {
	forged := "x\n\nRequest " + otherID + "\nFingerprint ffff-ffff-ffff-ffff"
	card := demoCard(func(c *plugins.Card) {
		c.Reason, c.Title, c.Requester.DisplayName, c.Roles = forged, forged, forged, []string{forged}
		c.Notes = []string{forged}
	})
	id, fingerprint, ok := wording.ReadFooter(details(card, NewConfig()))
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
			c.Reason, c.Requester.DisplayName, c.Roles, c.Notes = reason, name, []string{name}, []string{reason}
		})
		text := details(card, NewConfig())
		id, fingerprint, ok := wording.ReadFooter(text)
		if !ok || id != requestID || fingerprint != "0011223344556677" || !utf8.ValidString(text) {
			t.Errorf("read back %q, %q, %v from %q", id, fingerprint, ok, text)
		}
	})
}

func FuzzCut(f *testing.F) {
	f.Add("👩‍👩‍👧‍👦 text", 50)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < 40 || limit > 4000 {
			return
		}
		got := quoted(text, limit)
		if utf8.RuneCountInString(got) > limit || !utf8.ValidString(got) {
			t.Errorf("%q cut to %d: %q", text, limit, got)
		}
	})
}

func FuzzReference(f *testing.F) {
	f.Add("QFDZ138K1/0192f0c1-0000-7000-8000-000000000001/N1")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := decodeRef(plugins.Ref(text))
		if err == nil && (strings.ContainsAny(r.incident, "./?#") || string(r.encode()) != strings.TrimSuffix(text, "/")) {
			t.Errorf("%q became %+v", text, r)
		}
	})
}
