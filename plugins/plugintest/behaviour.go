package plugintest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host/hosttest"
)

func pendingCard() plugins.Card {
	return plugins.NewCard(fixedRequest(), plugins.ForReviewers, publicURL, true)
}

// checkButtons sees to it that a resolved card offers nothing.
func checkButtons(t *testing.T, subject Subject) {
	b := openBench(t, subject)
	if _, ok := b.plugin.(plugins.Updater); !ok {
		return
	}
	ref := b.mustPost(goldenKey, pendingCard())
	for range 2 { // an update may be repeated
		b.mustUpdate(ref, plugins.NewCard(hosttest.Resolved(fixedRequest(), v1.StateDenied, "bob"), plugins.ForReviewers, publicURL, true))
	}
	messages := b.vendor.Messages()
	if len(messages) != 1 || messages[0].Buttons != 0 {
		t.Errorf("after the end there are %d messages, the first with %d buttons", len(messages), messages[0].Buttons)
	}
}

// checkFinding looks up what was posted, and what was not.
func checkFinding(t *testing.T, subject Subject) {
	b := openBench(t, subject)
	finder, ok := b.plugin.(plugins.Finder)
	if !ok {
		return
	}
	since := time.Now().Add(-time.Minute)
	key, other := uuid.NewString(), uuid.NewString()
	ref := b.mustPost(key, pendingCard())
	b.mustPost(other, pendingCard())
	found, ok, err := finder.Find(t.Context(), b.vendor.Destination, plugins.Search{Key: key, Since: since})
	if err != nil || !ok || found != ref {
		t.Errorf("found %q, %v, %v; posted as %q", found, ok, err, ref)
	}
	if found, ok, err := finder.Find(t.Context(), b.vendor.Destination, plugins.Search{Key: uuid.NewString(), Since: since}); err != nil || ok {
		t.Errorf("found %q, %v, %v for a key that nobody posted", found, ok, err)
	}
	b.checkFindingReplies(finder, ref, since)
}

func (b *bench) checkFindingReplies(finder plugins.Finder, parent plugins.Ref, since time.Time) {
	b.t.Helper()
	replier, ok := b.plugin.(plugins.Replier)
	if !ok {
		return
	}
	request := hosttest.Reviewed(fixedRequest(), "ivan", v1.Approve, "")
	card := plugins.NewCard(request, plugins.ForReviewers, publicURL, true)
	for _, note := range []plugins.Note{
		{Kind: plugins.NoteReview, Card: card, Review: &request.Reviews[0]},
		{Kind: plugins.NoteOutcome, Card: card},
		{Kind: plugins.NoteAccessStarted, Card: card},
		{Kind: plugins.NoteAccessEnding, Card: card},
	} {
		key := uuid.NewString()
		ref, err := replier.Reply(b.t.Context(), parent, key, note)
		if err != nil {
			b.t.Fatalf("replying: %v", err)
		}
		search := plugins.Search{Key: key, Since: since, Parent: parent}
		if found, ok, err := finder.Find(b.t.Context(), b.vendor.Destination, search); err != nil || !ok || found != ref {
			b.t.Errorf("%s: found %q, %v, %v; replied as %q", note.Kind, found, ok, err, ref)
		}
	}
}

func checkClose(t *testing.T, subject Subject) {
	b := openBench(t, subject)
	closer, ok := b.plugin.(plugins.Closer)
	if !ok {
		return
	}
	for range 2 {
		if err := closer.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
}

// checkFailures puts every refusal in the way of a post, and silence.
func checkFailures(t *testing.T, subject Subject) {
	b := openBench(t, subject)
	if b.vendor.Creates == nil {
		return
	}
	b.mustPost(uuid.NewString(), pendingCard()) // what is looked up once is known from here on
	for status := 400; status < 600; status++ {
		b.tap.set(answering(status, http.Header{"Retry-After": {"7"}}), -1)
		_, err := b.post(t.Context(), uuid.NewString(), pendingCard())
		checkKind(t, subject, status, err)
		if hits := b.tap.struck(); hits != 1 {
			t.Errorf("status %d: %d requests were sent, want 1: the host retries, not the plugin", status, hits)
		}
	}
	t.Run("lost answer", func(t *testing.T) {
		b.tap.set(dropping(), -1)
		if _, err := b.post(t.Context(), uuid.NewString(), pendingCard()); plugins.KindOf(err) != plugins.Unknown || err == nil {
			t.Errorf("error %v of kind %s, want unknown", err, plugins.KindOf(err))
		}
		if hits := b.tap.struck(); hits != 1 {
			t.Errorf("%d requests were sent, want 1: a post whose answer was lost must not be repeated blindly", hits)
		}
	})
	t.Run("context", func(t *testing.T) { checkContext(t, b) })
}

func checkKind(t *testing.T, subject Subject, status int, err error) {
	t.Helper()
	typed, ok := errors.AsType[*plugins.Error](err)
	if !ok {
		t.Errorf("status %d: error %v is no plugins.Error", status, err)
		return
	}
	if want := kindsOf(subject, status); !slices.Contains(want, typed.Kind) {
		t.Errorf("status %d: kind %s, want one of %v", status, typed.Kind, want)
	}
	if status == http.StatusTooManyRequests && (typed.RetryAfter < 7*time.Second || typed.RetryAfter > 9*time.Second) {
		t.Errorf("the vendor asked for 7s, the error says %s", typed.RetryAfter)
	}
	if typed.Op == "" {
		t.Errorf("status %d: the error does not say what was attempted", status)
	}
}

// kindsOf returns the kinds that a refusal may have when it answers a post.
func kindsOf(subject Subject, status int) []plugins.Kind {
	if own, ok := subject.Kinds[status]; ok {
		return []plugins.Kind{own}
	}
	switch {
	case status >= 500:
		return []plugins.Kind{plugins.Unknown}
	case status == http.StatusTooManyRequests:
		return []plugins.Kind{plugins.RateLimited}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return []plugins.Kind{plugins.Auth}
	default:
		return []plugins.Kind{plugins.Invalid, plugins.NotFound, plugins.Gone, plugins.Auth, plugins.Transient}
	}
}

func checkContext(t *testing.T, b *bench) {
	b.tap.set(silence(), -1)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := b.post(ctx, uuid.NewString(), pendingCard())
	if err == nil || plugins.KindOf(err) != plugins.Unknown {
		t.Errorf("error %v of kind %s, want unknown: the request may have arrived", err, plugins.KindOf(err))
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the plugin went on for %s after its context had ended", took)
	}
}

// checkClicks lets a person decide, and an attacker try.
func checkClicks(t *testing.T, subject Subject) {
	b := openBench(t, subject)
	if b.vendor.Click == nil {
		return
	}
	made := &Decisions{}
	b.listen(made)
	request := fixedRequest()
	b.mustPost(goldenKey, pendingCard())
	if err := b.vendor.Click(t.Context(), b.last(), v1.Approve); err != nil {
		t.Fatalf("clicking: %v", err)
	}
	decisions := made.await(t, 1)
	checkDecision(t, subject, request, decisions[0])
	if b.vendor.Forge != nil {
		b.checkForgeries(made, decisions[0])
	}
}

// listen opens the plugin's ears, whichever it has.
func (b *bench) listen(made *Decisions) {
	if receiver, ok := b.plugin.(plugins.Receiver); ok {
		b.door.open(receiver.Handler(made))
	}
	if poller, ok := b.plugin.(plugins.Poller); ok {
		b.polls(poller, made)
	}
	listener, ok := b.plugin.(plugins.Listener)
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- listener.Listen(ctx, made) }()
	b.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			b.t.Errorf("listening: %v", err)
		}
	})
}

func (d *Decisions) await(t *testing.T, count int) []v1.Decision {
	t.Helper()
	eventuallyTrue(t, strconv.Itoa(count)+" decisions", func() bool { return len(d.All()) >= count })
	return d.All()
}

func checkDecision(t *testing.T, subject Subject, request v1.Request, decision v1.Decision) {
	t.Helper()
	switch {
	case decision.Identity.Plugin != subject.Spec.Name || decision.Identity.User == "":
		t.Errorf("the decision names %+v", decision.Identity)
	case decision.RequestID != request.ID || decision.Verdict != v1.Approve:
		t.Errorf("the decision says %s on %s", decision.Verdict, decision.RequestID)
	case decision.SeenVersion != request.Version || decision.SeenFingerprint != request.Fingerprint:
		t.Errorf("the decision saw version %d with fingerprint %s", decision.SeenVersion, decision.SeenFingerprint)
	case decision.ID == "" || decision.Made.IsZero():
		t.Errorf("the decision lacks an id or a time: %+v", decision)
	}
}

func (b *bench) checkForgeries(made *Decisions, genuine v1.Decision) {
	b.t.Helper()
	for _, forgery := range []Forgery{BadSignature, MissingSignature, Stale, Tampered} {
		status, err := b.vendor.Forge(b.t.Context(), forgery)
		if err != nil {
			b.t.Fatalf("%s: %v", forgery, err)
		}
		if status < 400 || status > 499 {
			b.t.Errorf("%s: answered %d, want a refusal", forgery, status)
		}
	}
	if got := len(made.Distinct()); got != 1 {
		b.t.Fatalf("%d decisions after forged callbacks, want 1", got)
	}
	if _, err := b.vendor.Forge(b.t.Context(), Replay); err != nil {
		b.t.Fatalf("replay: %v", err)
	}
	for _, again := range made.All()[1:] {
		if again.ID != genuine.ID {
			b.t.Errorf("a replayed click became decision %s, was %s", again.ID, genuine.ID)
		}
	}
}
