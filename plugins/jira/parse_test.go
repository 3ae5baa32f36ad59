package jira

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/plugins/jira/jirasim"
)

func TestTimesAreReadInEveryForm(t *testing.T) {
	want := time.Date(2021, 1, 17, 12, 34, 0, 0, time.UTC)
	for _, text := range []string{
		`"2021-01-17T12:34:00.000+0000"`, `"2021-01-17T13:34:00.000+0100"`, `"2021-01-17T12:34:00Z"`, `1610886840000`,
	} {
		var got moment
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	var got moment
	if err := json.Unmarshal([]byte(`"yesterday"`), &got); err == nil {
		t.Error("a time that is none was read")
	}
}

func TestTheOrderOfTheHistoryDoesNotMatter(t *testing.T) {
	entry := func(id, author, to string, minute int) history {
		return history{
			ID: entryID(id), Author: account{AccountID: author}, Created: moment{time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC)},
			Items: []changeItem{{Field: "status", To: to}},
		}
	}
	newestFirst := []history{
		entry("1001", "ivan", "2", 3), entry("1000", "ivan", "3", 3), entry("99", "bob", "3", 2), entry("98", "ivan", "2", 1),
		{ID: "97", Author: account{AccountID: "bob"}, Items: []changeItem{{Field: "summary", To: "x"}}},
	}
	oldestFirst := make([]history, len(newestFirst))
	for i, one := range newestFirst {
		oldestFirst[len(newestFirst)-1-i] = one
	}
	a, b := lastMoves(newestFirst), lastMoves(oldestFirst)
	if diff := cmp.Diff(a, b, cmp.AllowUnexported(move{})); diff != "" {
		t.Error(diff)
	}
	if len(a) != 2 || a[0].by.id() != "bob" || a[1].entry != "1001" || a[1].to != "2" {
		t.Errorf("moves %+v", a)
	}
}

func TestWebhooksAreOnlyHints(t *testing.T) {
	got, err := parseHint([]byte(`{"webhookEvent":"jira:issue_updated","timestamp":1700000000000,"issue":{"id":"10000"},
		"changelog":{"id":"10124","items":[{"field":"status","fieldId":"status","to":"3"}]}}`))
	want := hint{Issue: "10000", Entry: "10124", moved: true, sent: time.UnixMilli(1700000000000)}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, quiet := range []string{
		`{"webhookEvent":"jira:issue_created","issue":{"id":"1"},"changelog":{"id":"2","items":[{"field":"status"}]}}`,
		`{"webhookEvent":"jira:issue_deleted","issue":{"id":1}}`, `{"webhookEvent":"comment_created"}`,
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":{"id":"2","items":[{"field":"summary"}]}}`,
	} {
		if got, err := parseHint([]byte(quiet)); err != nil || got.moved {
			t.Errorf("%s: %+v, %v", quiet, got, err)
		}
	}
}

func FuzzParseHint(f *testing.F) {
	f.Add([]byte(`{"webhookEvent":"jira:issue_updated","issue":{"id":"10000"},"changelog":{"id":"1","items":[{"field":"status"}]}}`))
	f.Add([]byte(`{"webhookEvent":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseHint(body)
		if err == nil && got.moved && !issueID.MatchString(got.Issue) {
			t.Errorf("issue %q", got.Issue)
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add("sha256=00", []byte("body"))
	f.Add(jirasim.Sign("another secret", []byte("body")), []byte("body"))
	f.Fuzz(func(t *testing.T, signature string, body []byte) {
		const secret = "the secret that both know"
		if err := verify(secret, signature, body); (err == nil) != (signature == jirasim.Sign(secret, body)) {
			t.Errorf("signature %q of %q: %v", signature, body, err)
		}
	})
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte(`[{"id":"1","author":{"accountId":"a"},"created":"2021-01-17T12:34:00.000+0000","items":[{"fieldId":"status","to":"3"}]}]`))
	f.Add([]byte(`[{"id":2,"created":1610886840000}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var entries []history
		if json.Unmarshal(data, &entries) != nil {
			return
		}
		seen := map[string]bool{}
		for _, m := range lastMoves(entries) {
			if seen[m.by.id()] || m.by.id() == "" {
				t.Errorf("two last moves of %q", m.by.id())
			}
			seen[m.by.id()] = true
		}
	})
}

func FuzzDocuments(f *testing.F) {
	f.Add("plain")
	f.Add("*b* [x|https://evil.example] {code} [~ivan] \\\\ h1. x AR-1 (/) https://evil.example")
	f.Add("👩‍👩‍👧‍👦\u202e\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		d := document{fact("Name", oneLine(text, maxName)), quote(text, 200)}
		raw, err := json.Marshal(d.adf())
		if err != nil || !utf8.Valid(raw) {
			t.Errorf("%q: %v", raw, err)
		}
		if strings.Contains(string(raw), `"text":""`) {
			t.Errorf("an empty text node in %s", raw)
		}
		if live := jirasim.Live(d.wiki()); len(live) != 1 || !strings.HasPrefix(live[0], "strong ") {
			t.Errorf("%q becomes %q, of which %q is alive", text, d.wiki(), live)
		}
	})
}
