package email

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

func newTestWriter(t testing.TB, change ...func(*Config)) *writer {
	t.Helper()
	c := NewConfig()
	c.From = "Accede <accede@example.com>"
	for _, do := range change {
		do(c)
	}
	w, err := newWriter(c, func() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// head parses a mail and returns its headers, decoded.
func head(t testing.TB, raw []byte) map[string][]string {
	t.Helper()
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for name, values := range parsed.Header {
		for _, value := range values {
			decoded, err := new(mime.WordDecoder).DecodeHeader(value)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = append(out[name], decoded)
		}
	}
	return out
}

func TestTheHeadOfAMail(t *testing.T) {
	w := newTestWriter(t, func(c *Config) { c.ReplyTo, c.BouncesTo = "Help <help@example.com>", "bounces@example.com" })
	l := w.letter("ivan@example.com", "019aa0b1-0000-7000-8000-000000000001", demoCard(), cardSheet(demoCard()))
	l.thread = "first@example.com"
	raw, err := w.bytes(l)
	if err != nil {
		t.Fatal(err)
	}
	got := head(t, raw)
	for name, want := range map[string]string{
		"From": `"Accede" <accede@example.com>`, "To": "<ivan@example.com>", "Reply-To": `"Help" <help@example.com>`,
		"Subject": "Alice Moreau asks for dba [94a5b6]", "Message-Id": "<019aa0b1-0000-7000-8000-000000000001@example.com>",
		"In-Reply-To": "<first@example.com>", "References": "<first@example.com>", "Auto-Submitted": "auto-generated",
		"X-Auto-Response-Suppress": "All", "Date": "Fri, 20 Nov 2026 09:30:00 +0000",
	} {
		if len(got[name]) != 1 || got[name][0] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for name := range got {
		if strings.Contains(name, "User-Agent") || strings.Contains(name, "Mailer") {
			t.Errorf("the header %s tells strangers what sent the mail", name)
		}
	}
	again, err := w.bytes(l)
	if err != nil || !bytes.Equal(raw, again) {
		t.Error("the same delivery makes two different mails")
	}
}

func TestTheMessageIDFollowsFromTheKeyAlone(t *testing.T) {
	w := newTestWriter(t)
	seen := map[string]string{}
	for _, key := range []string{"019aa0b1-0000-7000-8000-000000000001", "019aa0b1-0000-7000-8000-000000000002", "a\r\nBcc: x", "", "ключ", strings.Repeat("k", 500)} {
		id := w.messageID(key)
		if id != w.messageID(key) || !validID(id) {
			t.Errorf("key %q makes %q", key, id)
		}
		if other, dup := seen[id]; dup {
			t.Errorf("keys %q and %q make the same Message-ID", key, other)
		}
		seen[id] = key
	}
}

func TestOneLinkAndOnlyToTheCore(t *testing.T) {
	w := newTestWriter(t)
	for address, want := range map[string]int{
		"https://accede.example.com/requests/1": 1,
		"http://127.0.0.1:4180/requests/1":      1,
		"":                                      0,
		"javascript:alert(1)":                   0,
		"https://":                              0,
		"/requests/1":                           0,
		"https://x/\r\nBcc: y":                  0,
		"https://x/\"><script>":                 0,
	} {
		html, err := w.press.html(cardSheet(demoCard(func(c *plugins.Card) { c.URL = address })))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(html, "href="); got != want {
			t.Errorf("%q: %d links, want %d", address, got, want)
		}
		for _, bad := range []string{"<img", "<script", "src=", "url(", "@import", "background=", "<form", "<link"} {
			if strings.Contains(html, bad) {
				t.Errorf("%q: the mail holds %s", address, bad)
			}
		}
	}
}

func TestSubjectsStayTheSameAndTellRequestsApart(t *testing.T) {
	first, later := demoCard(), demoCard(resolved(v1.StateApproved, v1.Resolution{}), func(c *plugins.Card) {
		c.Progress[0].Have, c.Reviews = 2, []v1.Review{review("bob", v1.Approve, "")}
	})
	if subject(first) != subject(later) {
		t.Errorf("%q became %q", subject(first), subject(later))
	}
	other := demoCard(func(c *plugins.Card) { c.RequestID = "0192f0c1-2b3c-7d4e-8f50-61728394a5b7" })
	if subject(first) == subject(other) {
		t.Error("two requests of one person have one subject")
	}
}

func TestFullSheetsStayBelowWhatMailProgramsShow(t *testing.T) {
	card := demoCard(func(c *plugins.Card) {
		c.Reason = strings.Repeat("界.", v1.MaxReasonBytes/4)
		for range v1.MaxRoles {
			c.Roles = append(c.Roles, strings.Repeat("r.", 120))
		}
		for range 30 {
			c.Reviews = append(c.Reviews, review(strings.Repeat("n.", 100), v1.Approve, strings.Repeat("<.>", 2000)))
			c.Notes = append(c.Notes, strings.Repeat("&.", 1000))
		}
	})
	html, err := newTestWriter(t).press.html(cardSheet(card))
	if err != nil || len(html) > 100_000 {
		t.Errorf("%d bytes of HTML, %v", len(html), err)
	}
	if !strings.Contains(html, "full text in Accede") || !strings.Contains(html, "20 earlier reviews") {
		t.Error("nothing says that there is more in Accede")
	}
}

// FuzzLetter lets people write anything anywhere: the mail keeps exactly its own headers, each once, and two parts.
func FuzzLetter(f *testing.F) {
	f.Add("Alice", "dba", "reason", "key")
	f.Add("A\r\nBcc: evil@example.com", "d\nb\ra", "<b>x</b>\r\n.\r\nQUIT\r\n", "k\r\n\r\nbody")
	f.Add("\u202eevil", "=?utf-8?q?x?=", "https://evil.example", "\x00")
	w := newTestWriter(f)
	f.Fuzz(func(t *testing.T, name, role, reason, key string) {
		card := demoCard(func(c *plugins.Card) {
			c.Title, c.Roles, c.Reason, c.Requester.DisplayName = name+" asks for "+role, []string{role}, reason, name
			c.Reviews = []v1.Review{review(name, v1.Deny, reason)}
			c.RequestID = key
		})
		raw, err := w.bytes(w.letter("ivan@example.com", key, card, cardSheet(card)))
		if err != nil {
			t.Fatal(err)
		}
		allowed := " Auto-Submitted Content-Type Date From Message-Id Mime-Version Subject To X-Accede-Delivery X-Accede-Request X-Auto-Response-Suppress "
		for header, values := range head(t, raw) {
			if !strings.Contains(allowed, " "+header+" ") || len(values) != 1 || strings.ContainsAny(values[0], "\r\n") {
				t.Fatalf("header %s is %q", header, values)
			}
		}
		for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
			if bytes.ContainsAny(line, "\r\n") || len(line) > 998 {
				t.Fatalf("a line is broken or too long: %q", line)
			}
		}
	})
}

// FuzzInert never changes what can be read, only what a program makes of it.
func FuzzInert(f *testing.F) {
	f.Add("see https://evil.example/x and mail a@b.example or www.x.example")
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(wording.Visible(text), string(breaker), "")
		got := inert(text)
		if strings.ReplaceAll(got, string(breaker), "") != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
