package plugintest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/host/hosttest"
)

const publicURL = "https://accede.example.com"

// fixedRequest is the same in every run.
func fixedRequest() v1.Request {
	request := hosttest.NewRequest(time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC))
	request.ID = "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b"
	return request
}

// scene is a card as somebody sees it at one moment.
type scene struct {
	name string
	card plugins.Card
}

func scenes() []scene {
	created := fixedRequest()
	once := hosttest.Reviewed(created, "ivan", v1.Approve, "Backup checked")
	approved := hosttest.Resolved(hosttest.Reviewed(once, "bob", v1.Approve, ""), v1.StateApproved, "bob")
	denied := hosttest.Resolved(hosttest.Reviewed(once, "bob", v1.Deny, "Not this week"), v1.StateDenied, "bob")
	noted := once
	noted.Notes = []string{"No approval for being on call: on call on Database (PDEMO1) only at level 2, and only level 1 counts."}
	draw := func(request v1.Request, audience plugins.Audience) plugins.Card {
		return plugins.NewCard(request, audience, publicURL, true)
	}
	return []scene{
		{"created", draw(created, plugins.ForReviewers)},
		{"one_of_two", draw(once, plugins.ForReviewers)},
		{"noted", draw(noted, plugins.ForReviewers)},
		{"approved", draw(approved, plugins.ForReviewers)},
		{"denied", draw(denied, plugins.ForReviewers)},
		{"expired", draw(hosttest.Resolved(created, v1.StateExpired, ""), plugins.ForReviewers)},
		{"withdrawn", draw(hosttest.Resolved(once, v1.StateWithdrawn, "alice"), plugins.ForReviewers)},
		{"access_ended", draw(hosttest.Ended(approved), plugins.ForReviewers)},
		{"requester_pending", draw(once, plugins.ForRequester)},
		{"requester_approved", draw(approved, plugins.ForRequester)},
	}
}

// goldenKey is the delivery key of cards whose form is compared.
const goldenKey = "019aa0b1-0000-7000-8000-000000000001"

// checkCards compares the card of every state with its golden file.
func checkCards(t *testing.T, subject Subject) {
	for _, scene := range scenes() {
		t.Run(scene.name, func(t *testing.T) {
			b := openBench(t, subject)
			b.mustPost(goldenKey, scene.card)
			message := b.last()
			if want := wantButtons(b, scene.card); message.Buttons != want {
				t.Errorf("%d buttons, want %d", message.Buttons, want)
			}
			for _, note := range scene.card.Notes {
				if !strings.Contains(strings.Join(strings.Fields(message.Text), " "), note) {
					t.Errorf("the card does not show the note %q: %q", note, message.Text)
				}
			}
			if message.Golden != nil {
				compare(t, filepath.Join(subject.Golden, scene.name+".json"), subject.Update, message.Golden)
			}
		})
	}
}

func wantButtons(b *bench, card plugins.Card) int {
	if b.vendor.Click == nil {
		return 0
	}
	return len(card.Actions)
}

// compare compares a value with its golden file, or writes the file.
func compare(t *testing.T, path string, update bool, value any) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatalf("encoding: %v", err)
	}
	if update {
		write(t, path, got.Bytes())
		return
	}
	want, err := os.ReadFile(path) //nolint:gosec // the test names the file
	if err != nil {
		t.Fatalf("%v; run the test with -update and look at what it wrote", err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s: -want +got; run the test with -update if this is meant:\n%s", path, diff)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// hostile are texts that a requester could write to make a vendor do something.
func hostile() map[string]string {
	return map[string]string{
		"mentions":    "<!channel> <!here> <@U0IVAN> @everyone @here @channel <@&1234> <#C0ACCESS> <at>Ivan</at>",
		"markup":      "*bold* _it_ ~~no~~ `code` ```fence``` > quote # head [approve](https://evil.example) <https://evil.example|Approve> <b>x</b> ||spoiler||",
		"addresses":   "https://evil.example/approve http://127.0.0.1/ mailto:x@evil.example javascript:alert(1)",
		"json":        `"}],"blocks":[{"type":"actions"}],"x":[{"y":"`,
		"right left":  "\u202eevorppA\u202c نص عربي مع English و\u2066mixed\u2069",
		"emoji":       strings.Repeat("👩‍👩‍👧‍👦🏴‍☠️é", 40),
		"control":     "a\x00b\x07c\x1b[31mred\x1b[0m\r\nfake line: APPROVED by bob\u2028x\u0085y",
		"long":        strings.Repeat("x", v1.MaxReasonBytes),
		"long wide":   strings.Repeat("界", v1.MaxReasonBytes/3),
		"long emoji":  strings.Repeat("👍🏽", v1.MaxReasonBytes/8),
		"long escape": strings.Repeat("<&>", v1.MaxReasonBytes/3),
		"long lines":  strings.Repeat("y\n", v1.MaxReasonBytes/2),
	}
}

// checkTexts posts what people should not be able to do harm with: the vendor takes it, nothing in it comes alive, and it
// is cut on character boundaries with a way to the whole.
func checkTexts(t *testing.T, subject Subject) {
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			request := fixedRequest()
			request.Reason = text
			request.Requester.DisplayName = cutTo(text, 200)
			request.Notes = []string{cutTo(text, 1000)}
			request = hosttest.Reviewed(request, "ivan", v1.Approve, text)
			checkTame(t, subject, request)
		})
	}
	t.Run("everything at once", func(t *testing.T) {
		request := fixedRequest()
		request.Reason = strings.Repeat("<&>", v1.MaxReasonBytes/3)
		request.Roles = nil
		for range v1.MaxRoles {
			request.Roles = append(request.Roles, "role-"+strings.Repeat("界", 80)+uuid.NewString())
		}
		for range 50 {
			request.Notes = append(request.Notes, strings.Repeat("<&>é", 200)+uuid.NewString())
		}
		for range 12 {
			request = hosttest.Reviewed(request, "r"+uuid.NewString(), v1.Approve, strings.Repeat("é<!channel>", 300))
		}
		checkTame(t, subject, request)
	})
}

func checkTame(t *testing.T, subject Subject, request v1.Request) {
	t.Helper()
	b := openBench(t, subject)
	card := plugins.NewCard(request, plugins.ForReviewers, publicURL, true)
	ref := b.mustPost(goldenKey, card)
	if _, ok := b.plugin.(plugins.Updater); ok {
		b.mustUpdate(ref, card)
	}
	if replier, ok := b.plugin.(plugins.Replier); ok {
		note := plugins.Note{Kind: plugins.NoteReview, Card: card, Review: &request.Reviews[len(request.Reviews)-1]}
		if _, err := replier.Reply(t.Context(), ref, uuid.NewString(), note); err != nil {
			t.Errorf("replying: %v", err)
		}
	}
	for _, message := range b.vendor.Messages() {
		if len(message.Live) != 0 {
			t.Errorf("the requester's text came alive: %q", message.Live)
		}
		if !utf8.ValidString(message.Text) || strings.ContainsRune(message.Text, utf8.RuneError) {
			t.Errorf("a character was cut in two: %q", message.Text)
		}
	}
}

func cutTo(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

// checkSpec checks what the host relies on before the plugin is opened.
func checkSpec(t *testing.T, subject Subject) {
	spec := subject.Spec
	if spec.Title == "" || spec.NewConfig == nil || spec.Open == nil {
		t.Error("the spec lacks a title, NewConfig or Open")
	}
	getenv := func(name string) string { return "value-of-" + strings.ToLower(name) }
	_, _, err := host.ParseSettings(spec, "example", spec.Example, config.Getenv(getenv))
	if located, ok := errors.AsType[*config.Error](err); ok {
		t.Errorf("the example does not load: %v", located)
	}
	if !bytes.Contains(spec.Example, []byte("\n"+spec.Name+":")) {
		t.Errorf("the example has no part %s:", spec.Name)
	}
}
