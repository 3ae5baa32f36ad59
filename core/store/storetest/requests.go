package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func readsBack(t *testing.T, store core.Store) {
	fails(t, store, core.ErrNotFound, func(r core.Reader) (v1.Request, error) { return r.Request(newID(t)) })
	want := request(t, "dba", "ops")
	insert(t, store, want)
	read := func(r core.Reader) (v1.Request, error) { return r.Request(want.ID) }
	same(t, "the inserted request", get(t, store, read), want)
	refuses(t, store, core.ErrConflict, func(tx core.Tx) error { return tx.InsertRequest(want, "ask") })
	want = next(want, v1.StatePending)
	want.Reviews = []v1.Review{{
		ID: newID(t), Author: v1.PersonRef{Name: "ivan"}, Verdict: v1.Approve, Reason: "ok", Created: start(), Via: "slack",
		Identity:   &v1.Identity{Plugin: "slack", Tenant: "T0ACCEDE", User: "U0IVAN"},
		Thresholds: []int{0}, SeenVersion: 1, SeenFingerprint: want.Fingerprint,
	}}
	save(t, store, want)
	same(t, "the saved request", get(t, store, read), want)
}

func refusesOtherVersions(t *testing.T, store core.Store) {
	first := request(t)
	insert(t, store, first)
	second := save(t, store, next(first, v1.StatePending))
	for _, version := range []int64{1, 2, 4} {
		stale := second
		stale.Version = version
		refuses(t, store, core.ErrConflict, func(tx core.Tx) error { return tx.SaveRequest(stale) })
	}
	unknown := next(request(t), v1.StateDenied)
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error { return tx.SaveRequest(unknown) })
	got := get(t, store, func(r core.Reader) (v1.Request, error) { return r.Request(first.ID) })
	same(t, "the request after refused saves", got, second)
}

func listsNewestFirst(t *testing.T, store core.Store) {
	var all []v1.Request
	for range 25 {
		all = append(all, request(t))
	}
	insert(t, store, all...)
	slices.Reverse(all)
	var got []string
	filter := core.RequestFilter{Limit: 10}
	for pages := 1; ; pages++ {
		page := get(t, store, func(r core.Reader) ([]v1.Request, error) { return r.Requests(filter) })
		if len(page) == 0 || pages > 5 {
			break
		}
		got = append(got, ids(page)...)
		filter.Before = page[len(page)-1].ID
	}
	same(t, "the pages together", got, ids(all))
	unlimited := get(t, store, func(r core.Reader) ([]v1.Request, error) { return r.Requests(core.RequestFilter{}) })
	same(t, "the list without a limit", ids(unlimited), ids(all))
}

// matches is the filter as its words say, without an index.
func matches(r v1.Request, f core.RequestFilter) bool {
	return (len(f.States) == 0 || slices.Contains(f.States, r.State)) &&
		(f.Requester == "" || r.Requester.Name == f.Requester) &&
		(f.Role == "" || slices.Contains(r.Roles, f.Role)) &&
		(f.Before == "" || r.ID < f.Before) &&
		within(r.Created, f) && mentions(r, f.Text) &&
		(f.Involved == "" || r.Requester.Name == f.Involved || reviews(r, f.Involved)) &&
		(f.Reviewer == "" || reviews(r, f.Reviewer))
}

func within(created time.Time, f core.RequestFilter) bool {
	return !created.Before(f.Since) && (f.Until.IsZero() || created.Before(f.Until))
}

// reviews says whether somebody has reviewed a request or was suggested.
func reviews(r v1.Request, name string) bool {
	reviewed := func(review v1.Review) bool { return review.Author.Name == name }
	suggested := func(person v1.PersonRef) bool { return person.Name == name }
	return slices.ContainsFunc(r.Reviews, reviewed) || slices.ContainsFunc(r.SuggestedReviewers, suggested)
}

// mentions searches the members one by one.
func mentions(r v1.Request, text string) bool {
	texts := append([]string{r.Reason}, r.Roles...)
	people := append([]v1.PersonRef{r.Requester}, r.SuggestedReviewers...)
	for _, review := range r.Reviews {
		people, texts = append(people, review.Author), append(texts, review.Reason)
	}
	for _, person := range people {
		texts = append(texts, person.Name, person.DisplayName, person.Email)
	}
	if r.Resolution != nil {
		texts = append(texts, r.Resolution.Reason)
	}
	plain := func(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }
	has := func(one string) bool { return strings.Contains(plain(one), plain(text)) }
	return text == "" || slices.ContainsFunc(texts, has)
}

// agreesWithModel changes requests at random and compares lists with a plain search through all of them.
func agreesWithModel(t *testing.T, store core.Store) {
	var model []v1.Request // oldest first, across the runs
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 8).Draw(rt, "changes") {
			if len(model) == 0 || rapid.Bool().Draw(rt, "new") {
				model = append(model, drawRequest(t, rt))
				insert(t, store, model[len(model)-1])
				continue
			}
			at := rapid.IntRange(0, len(model)-1).Draw(rt, "which")
			model[at] = save(t, store, drawChange(rt, model[at]))
		}
		filter := drawFilter(rt, model)
		got := get(t, store, func(r core.Reader) ([]v1.Request, error) { return r.Requests(filter) })
		var want []v1.Request
		for _, one := range slices.Backward(model) {
			if matches(one, filter) && (filter.Limit == 0 || len(want) < filter.Limit) {
				want = append(want, one)
			}
		}
		same(t, "the list", got, want)
		if t.Failed() {
			rt.Fatalf("filter %+v", filter)
		}
	})
}

func names() []string { return []string{"ivan", "bob", "iva", "role", ""} }

func ages() []time.Duration {
	return []time.Duration{-time.Hour, -time.Microsecond, 0, time.Microsecond, time.Hour}
}

func searches() []string {
	return []string{"", "", "", "über", "ÜBER", "ticket #7 über", " #7\n", "%", "_", "me", "alice@", "db", "\x00", "#9", "7\nü", "nothing"}
}

func roles() []string { return []string{"dba", "db", "dba-reviewer", "ops"} }

func drawRequest(t *testing.T, rt *rapid.T) v1.Request {
	one := request(t, rapid.SliceOfNDistinct(rapid.SampledFrom(roles()), 1, 3, rapid.ID).Draw(rt, "roles")...)
	one.Requester.Name = rapid.SampledFrom([]string{"alice", "ivan", "bob"}).Draw(rt, "requester")
	one.Created = start().Add(rapid.SampledFrom(ages()).Draw(rt, "age"))
	one.Reason = rapid.SampledFrom([]string{one.Reason, "", "Ticket  #7\nÜBER all", "100%_done"}).Draw(rt, "reason")
	one.SuggestedReviewers = nil
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names()[:4]), 0, 2, rapid.ID).Draw(rt, "suggested") {
		one.SuggestedReviewers = append(one.SuggestedReviewers, v1.PersonRef{Name: name})
	}
	return one
}

func drawChange(rt *rapid.T, one v1.Request) v1.Request {
	state := one.State
	if !state.Resolved() {
		state = rapid.SampledFrom(v1.States()).Draw(rt, "state")
	}
	one = next(one, state)
	author := v1.PersonRef{Name: rapid.SampledFrom(names()[:4]).Draw(rt, "author")}
	reason := rapid.SampledFrom([]string{"", "Fine by me", "über"}).Draw(rt, "review")
	one.Reviews = append(slices.Clone(one.Reviews), v1.Review{ID: "r", Author: author, Verdict: v1.Approve, Reason: reason})
	if state.Resolved() {
		one.Resolution = &v1.Resolution{State: state, At: one.Updated, Reason: "because #9"}
	}
	if rapid.Bool().Draw(rt, "fewer roles") {
		one.Roles = one.Roles[:1]
	}
	return one
}

func drawFilter(rt *rapid.T, model []v1.Request) core.RequestFilter {
	filter := core.RequestFilter{
		States:    rapid.SliceOfN(rapid.SampledFrom(v1.States()), 0, 3).Draw(rt, "states"),
		Requester: rapid.SampledFrom([]string{"", "", "alice", "ivan", "nobody"}).Draw(rt, "by"),
		Reviewer:  rapid.SampledFrom(names()).Draw(rt, "reviewer"),
		Involved:  rapid.SampledFrom([]string{"", "", "alice", "ivan", "bob", "nobody"}).Draw(rt, "involved"),
		Role:      rapid.SampledFrom(append(roles(), "", "")).Draw(rt, "role"),
		Text:      rapid.SampledFrom(searches()).Draw(rt, "text"),
		Limit:     rapid.SampledFrom([]int{0, 1, 2, 5, 50}).Draw(rt, "limit"),
	}
	if rapid.IntRange(0, 3).Draw(rt, "bounded") == 0 {
		filter.Since = start().Add(rapid.SampledFrom(ages()).Draw(rt, "since"))
	}
	if rapid.IntRange(0, 3).Draw(rt, "ending") == 0 {
		filter.Until = start().Add(rapid.SampledFrom(ages()).Draw(rt, "until"))
	}
	if len(model) > 0 && rapid.Bool().Draw(rt, "paged") {
		filter.Before = rapid.SampledFrom(model).Draw(rt, "before").ID
	}
	return filter
}

func findsLikeAsk(t *testing.T, store core.Store) {
	like := func(r core.Reader) (v1.Request, error) { return r.PendingLike("alice", "ask") }
	fails(t, store, core.ErrNotFound, like)
	older, newer, other := request(t), request(t), request(t)
	other.Requester.Name = "carol"
	for _, one := range []v1.Request{older, newer, other} {
		update(t, store, func(tx core.Tx) error { return tx.InsertRequest(one, "ask") })
	}
	same(t, "the newest like ask", get(t, store, like), newer)
	save(t, store, next(newer, v1.StateDenied))
	same(t, "the one still pending", get(t, store, like), older)
	save(t, store, next(older, v1.StateExpired))
	fails(t, store, core.ErrNotFound, like)
}

func findsDue(t *testing.T, store core.Store) {
	late, later, denied := request(t), request(t), request(t)
	late.Expires = start().Add(time.Minute + 1) // a nanosecond after a whole microsecond
	later.Expires = start().Add(2 * time.Minute)
	insert(t, store, later, late, denied)
	save(t, store, next(denied, v1.StateDenied))
	due := func(after time.Duration, limit int) []string {
		return ids(get(t, store, func(r core.Reader) ([]v1.Request, error) { return r.Due(start().Add(after), limit) }))
	}
	same(t, "due before", due(time.Minute, 10), []string{})
	same(t, "due at the minute", due(time.Minute+time.Microsecond, 10), []string{late.ID})
	same(t, "the first due", due(time.Hour, 1), []string{late.ID})
	same(t, "all due", due(time.Hour, 10), []string{late.ID, later.ID})
	approved := save(t, store, next(late, v1.StateApproved))
	same(t, "due with an approved one", due(time.Hour, 10), []string{later.ID})
	same(t, "due when access is over", due(73*time.Hour, 10), []string{later.ID, late.ID})
	ended := next(approved, v1.StateApproved)
	at := start()
	ended.Access.Ended = &at
	save(t, store, ended)
	same(t, "due after access ended", due(73*time.Hour, 10), []string{later.ID})
}

func findsUnsettled(t *testing.T, store core.Store) {
	update(t, store, func(tx core.Tx) error { return tx.SavePlugin(core.PluginRecord{Name: "slack", Created: start()}) })
	open, shown, behind, recent := request(t), request(t), request(t), request(t)
	insert(t, store, open, shown, behind, recent)
	shown, behind, recent = next(shown, v1.StateDenied), next(behind, v1.StateApproved), next(recent, v1.StateDenied)
	recent.Updated = start().Add(time.Hour)
	for _, one := range []v1.Request{shown, behind, recent} {
		save(t, store, one)
	}
	show := func(one v1.Request, version int64) {
		d := delivery(t, v1.DeliveryKey{Destination: "C1", RequestID: one.ID, Slot: v1.SlotCard})
		d.State, d.ShownVersion = v1.DeliveryPosted, version
		update(t, store, func(tx core.Tx) error { return tx.SaveDelivery(d) })
		reply := delivery(t, v1.DeliveryKey{Destination: "C1", RequestID: one.ID, Slot: v1.SlotReviewPrefix + "x"})
		reply.State, reply.ShownVersion = v1.DeliveryPosted, 1
		update(t, store, func(tx core.Tx) error { return tx.SaveDelivery(reply) })
	}
	show(shown, shown.Version)
	show(behind, behind.Version-1)
	unsettled := func(since time.Time, after string, limit int) []string {
		return ids(get(t, store, func(r core.Reader) ([]v1.Request, error) { return r.Unsettled("slack", since, after, limit) }))
	}
	since := start().Add(time.Hour)
	same(t, "unsettled", unsettled(since, "", 10), []string{open.ID, behind.ID, recent.ID})
	same(t, "the first page", unsettled(since, "", 1), []string{open.ID})
	same(t, "the second page", unsettled(since, open.ID, 1), []string{behind.ID})
	same(t, "everything since the beginning", unsettled(start(), "", 10), []string{open.ID, shown.ID, behind.ID, recent.ID})
	show(behind, behind.Version)
	same(t, "unsettled once shown", unsettled(since, "", 10), []string{open.ID, recent.ID})
	ended := next(behind, v1.StateApproved)
	save(t, store, ended)
	same(t, "unsettled after access ended", unsettled(since, "", 10), []string{open.ID, behind.ID, recent.ID})
	show(open, open.Version)
	same(t, "pending ones are always looked at", unsettled(since, "", 10), []string{open.ID, behind.ID, recent.ID})
	show(behind, ended.Version)
	update(t, store, func(tx core.Tx) error { return tx.DeletePlugin("slack") })
	save(t, store, next(ended, v1.StateApproved))
	update(t, store, func(tx core.Tx) error { return tx.SavePlugin(core.PluginRecord{Name: "slack", Created: start()}) })
	same(t, "unsettled after a pause of the plugin", unsettled(since, "", 10), []string{open.ID, behind.ID, recent.ID})
}

func findsPending(t *testing.T, store core.Store) {
	older, other, newer, resolved := request(t, "dba", "ops"), request(t, "ops"), request(t), request(t)
	insert(t, store, older, other, newer, resolved)
	save(t, store, next(resolved, v1.StateApproved))
	withDBA := func(roles []string) bool { return slices.Contains(roles, "dba") }
	pending := func(after string, limit int) []string {
		return ids(get(t, store, func(r core.Reader) ([]v1.Request, error) { return r.Pending(after, limit, withDBA) }))
	}
	same(t, "what is pending", pending("", 0), []string{older.ID, newer.ID})
	same(t, "the oldest", pending("", 1), []string{older.ID})
	same(t, "what is after it", pending(older.ID, 5), []string{newer.ID})
}

// findsPendingAmongMany reads more than a store would at a time.
func findsPendingAmongMany(t *testing.T, store core.Store) {
	const many = 1201
	update(t, store, func(tx core.Tx) error {
		for i := range many {
			one := request(t, "ops")
			if i%400 == 0 {
				one.Roles = []string{"dba"}
			}
			if err := tx.InsertRequest(one, "ask"); err != nil {
				return err
			}
		}
		return nil
	})
	count := func(role string) int {
		wanted := func(roles []string) bool { return slices.Contains(roles, role) }
		return len(get(t, store, func(r core.Reader) ([]v1.Request, error) { return r.Pending("", 0, wanted) }))
	}
	same(t, "how many are found", []int{count("dba"), count("ops"), count("none")}, []int{4, many - 4, 0})
}

func findsGranted(t *testing.T, store core.Store) {
	waiting, denied, older, newer, over, others := request(t), request(t), request(t), request(t), request(t), request(t)
	others.Requester.Name = "carol"
	insert(t, store, waiting, denied, older, newer, over, others)
	save(t, store, next(denied, v1.StateDenied))
	for _, one := range []v1.Request{older, newer, others} {
		save(t, store, next(one, v1.StateApproved))
	}
	ended := save(t, store, next(over, v1.StateApproved))
	ended.Version++
	access := *ended.Access
	access.Ended = &access.Expires
	ended.Access = &access
	save(t, store, ended)
	granted := func(limit int) []string {
		return ids(get(t, store, func(r core.Reader) ([]v1.Request, error) { return r.Granted("alice", limit) }))
	}
	same(t, "what alice has", granted(0), []string{newer.ID, older.ID})
	same(t, "the newest", granted(1), []string{newer.ID})
}

func scansWhatIsWanted(t *testing.T, store core.Store) {
	oldest, other, newest := request(t, "dba", "ops"), request(t, "ops"), request(t, "dba")
	oldest.SuggestedReviewers = []v1.PersonRef{{Name: "ivan"}}
	insert(t, store, oldest, other, newest)
	var seen []core.Glance
	scan := func(filter core.RequestFilter) (found []v1.Request, last string) {
		seen = nil
		view(t, store, func(r core.Reader) (err error) {
			found, last, err = r.Scan(filter, func(g core.Glance) bool {
				seen = append(seen, g)
				return slices.Contains(g.Roles, "dba")
			})
			return err
		})
		return found, last
	}
	found, last := scan(core.RequestFilter{Limit: 2})
	same(t, "what is found first", found, []v1.Request{newest})
	same(t, "where it ended", last, other.ID)
	found, last = scan(core.RequestFilter{Limit: 2, Before: last})
	same(t, "what is found then", found, []v1.Request{oldest})
	same(t, "where the list ends", last, "")
	same(t, "what was seen", seen, []core.Glance{{Requester: "alice", Roles: []string{"dba", "ops"}, Reviewers: []string{"ivan"}}})
	found, last = scan(core.RequestFilter{})
	same(t, "everything", ids(found), []string{newest.ID, oldest.ID})
	same(t, "the end of everything", last, "")
}
