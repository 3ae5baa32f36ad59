package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/test/stack"
)

// decidedInPlace are the vendors at which people decide on the card itself in the demo's set-up; at the others they follow
// its link, or are on call.
func decidedInPlace() []string {
	return []string{"discord", "jira", "mattermost", "servicenow", "slack", "teams"}
}

// actionCard waits for a request's card at a vendor, with both actions.
func actionCard(t *testing.T, s *stack.Stack, plugin, id string) standin.Post {
	t.Helper()
	post, err := s.Vendor(plugin).Await(within(t), id, "the card at "+plugin, func(p standin.Post) bool {
		return p.Parent == "" && p.OnlyFor == "" && len(p.Actions) == 2
	})
	if err != nil {
		t.Fatal(err)
	}
	return post
}

func agree(t *testing.T, s *stack.Stack, plugin, person, post string) standin.Reaction {
	t.Helper()
	reaction, err := s.Vendor(plugin).Do(within(t), standin.Deed{Person: person, Post: post, Action: "approve", Reason: "because of " + person})
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
	names, places := decidedInPlace(), map[string]standin.Post{}
	for _, name := range names {
		places[name] = actionCard(t, s, name, made.ID)
	}
	first, second := names[0], names[1]
	if reaction := agree(t, s, first, "ivan", places[first].ID); !reaction.OK {
		t.Fatalf("ivan approves at %s: %+v", first, reaction)
	}
	eventually.True(t, patient, "ivan's review", func() bool { return len(show(t, s, made.ID).Reviews) == 1 })
	for _, name := range names {
		samePost(t, s, name, places[name], "1 of 2", func(p standin.Post) bool { return strings.Contains(p.Text, "1 of 2") })
	}
	// The same person through another door counts once.
	agree(t, s, second, "ivan", places[second].ID)
	// Where a click moves something, the plugin moves it back.
	samePost(t, s, second, places[second], "both actions", func(p standin.Post) bool { return len(p.Actions) == 2 })
	stale := s.Plugin("slack").Replicas[0]
	stale.Freeze() // its card will not follow in time
	if reaction := agree(t, s, second, "bob", places[second].ID); !reaction.OK {
		t.Fatalf("bob approves at %s: %+v", second, reaction)
	}
	awaitApproved(t, s, made.ID)
	clickTooLate(t, s, places["slack"], stale)
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

// clickTooLate presses a button that a frozen plugin has left on its card, and lets the plugin go on.
func clickTooLate(t *testing.T, s *stack.Stack, card standin.Post, frozen *stack.Process) {
	t.Helper()
	clicked := make(chan error, 1)
	go func() {
		_, err := s.Vendor("slack").Do(t.Context(), standin.Deed{Person: "bob", Post: card.ID, Action: "approve"})
		clicked <- err
	}()
	<-time.After(300 * time.Millisecond)
	frozen.Thaw()
	if err := <-clicked; err != nil {
		t.Fatal(err)
	}
	_, err := s.Vendor("slack").Await(within(t), "", "an answer that says who decided", func(p standin.Post) bool {
		return p.OnlyFor == "bob" && strings.Contains(p.Text, "already approved by Bob")
	})
	if err != nil {
		t.Error(err)
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

// Plugins that nobody can call decide all the same: through a connection that they opened, or by asking the vendor.
func TestDecisionsWithoutCallbacks(t *testing.T) {
	names := []string{"discord", "jira", "servicenow", "slack"}
	s := up(t, stack.Options{PluginNames: names, NoCallbacks: true, PluginSettings: quick + "vendor_poll: 500ms\n"})
	for i, first := range names {
		second := names[(i+1)%len(names)]
		made := ask(t, s, "nobody can call "+first)
		for plugin, person := range map[string]string{first: "ivan", second: "bob"} {
			if reaction := agree(t, s, plugin, person, actionCard(t, s, plugin, made.ID).ID); !reaction.OK {
				t.Errorf("%s at %s: %+v", person, plugin, reaction)
			}
		}
		awaitApproved(t, s, made.ID)
	}
}
