package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/test/stack"
)

// deciding are the vendors at which people decide in place in the demo's set-up; at the others they follow the link or are
// on call.
func deciding(s *stack.Stack, t *testing.T, id string) (places map[string]standin.Post) {
	t.Helper()
	places = map[string]standin.Post{}
	for _, plugin := range s.Plugins {
		post := vendorCard(t, s, plugin.Name, id)
		if len(post.Actions) == 2 {
			places[plugin.Name] = post
		}
	}
	return places
}

// vendorCard waits for a request's card at a vendor: one that can be decided on, if there is one.
func vendorCard(t *testing.T, s *stack.Stack, plugin, id string) standin.Post {
	t.Helper()
	post, err := s.Vendor(plugin).Await(within(t), id, "the card at "+plugin, func(p standin.Post) bool {
		return p.Parent == "" && p.OnlyFor == "" && p.Place != "alice"
	})
	if err != nil {
		t.Fatal(err)
	}
	return post
}

func act(t *testing.T, s *stack.Stack, plugin, person, post, action string) standin.Reaction {
	t.Helper()
	reaction, err := s.Vendor(plugin).Do(within(t), standin.Deed{Person: person, Post: post, Action: action, Reason: "because of " + person})
	if err != nil {
		t.Fatalf("%s at %s: %v", person, plugin, err)
	}
	return reaction
}

func samePost(t *testing.T, s *stack.Stack, plugin string, post standin.Post, what string, is func(standin.Post) bool) {
	t.Helper()
	_, err := s.Vendor(plugin).Await(within(t), "", fmt.Sprintf("%s at %s", what, plugin), func(p standin.Post) bool {
		return p.ID == post.ID && is(p)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// One request is shown at every vendor. Two people at two different ones reach the threshold of two, every copy follows,
// and a click on a copy elsewhere says who decided.
func TestOneRequestAtEveryVendor(t *testing.T) {
	s := up(t, stack.Options{PluginNames: stack.Every(), PluginSettings: quick + "vendor_poll: 500ms\n"})
	made := ask(t, s, "everywhere")
	places := deciding(s, t, made.ID)
	t.Logf("decided in place at %v", slices.Sorted(keys(places)))
	if len(places) < 2 {
		t.Fatalf("people can decide at %d vendors only", len(places))
	}
	names := slices.Sorted(keys(places))
	first, second := names[0], names[1]
	if reaction := act(t, s, first, "ivan", places[first].ID, "approve"); !reaction.OK {
		t.Fatalf("ivan approves at %s: %+v", first, reaction)
	}
	eventually.True(t, patient, "ivan's review", func() bool { return len(show(t, s, made.ID).Reviews) == 1 })
	for _, name := range names {
		samePost(t, s, name, places[name], "1 of 2", func(p standin.Post) bool { return strings.Contains(p.Text, "1 of 2") })
	}
	// The same person through another door counts once.
	act(t, s, second, "ivan", places[second].ID, "approve")
	if reaction := act(t, s, second, "bob", places[second].ID, "approve"); !reaction.OK {
		t.Fatalf("bob approves at %s: %+v", second, reaction)
	}
	awaitApproved(t, s, made.ID)
	reviews := show(t, s, made.ID).Reviews
	if len(reviews) != 2 || reviews[0].Via != first || reviews[1].Via != second {
		t.Errorf("reviews %+v, want one through %s and one through %s", reviews, first, second)
	}
	for _, name := range names {
		samePost(t, s, name, places[name], "no buttons", func(p standin.Post) bool { return len(p.Actions) == 0 })
	}
	for _, plugin := range s.Plugins {
		assertOnePost(t, s, plugin.Name, made.ID)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// assertOnePost counts a request's cards by place. Alice also gets the outcome, as a message of its own where that is what
// people notice.
func assertOnePost(t *testing.T, s *stack.Stack, plugin, id string) {
	t.Helper()
	posts, err := s.Vendor(plugin).Posts(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, post := range posts {
		if !post.Deleted && post.Parent == "" && post.OnlyFor == "" && post.Place != "alice" {
			count[post.Place]++
		}
	}
	for place, n := range count {
		if n > 1 {
			t.Errorf("%s shows %d cards of one request in %s", plugin, n, place)
		}
	}
}
