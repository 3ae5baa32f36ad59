package standin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Stage is what people see at a vendor and do there, in terms that are the same for every vendor. Tests across plugins,
// the demo and the sandbox use it; what only one vendor has is reached by its own paths.
type Stage interface {
	// Posts lists everything that anybody can see, oldest first, what was deleted included.
	Posts() []Post
	// Do lets a person act on a post and waits for what the vendor shows them at once. An error says that a person could
	// not do that: there is no such button, or they cannot see the post.
	Do(ctx context.Context, deed Deed) (Reaction, error)
}

// Post is one thing that people can see: a card, a reply, a mail, a ticket, a private answer.
type Post struct {
	ID string `json:"id"`
	// Place is what people call where it is: "#access-requests", "alice" for a direct message or a mailbox.
	Place string `json:"place"`
	// Parent is the post that this one belongs to, as a reply or a comment does.
	Parent string `json:"parent,omitempty"`
	// OnlyFor is the one person who sees it in a place where others see nothing of it. A mailbox or a direct message is a
	// place of its own, and leaves this empty.
	OnlyFor string `json:"only_for,omitempty"`
	// Key is the delivery key inside it, if it carries one.
	Key string `json:"key,omitempty"`
	// Text is everything that can be read of it, the addresses of its links included.
	Text string `json:"text"`
	// Actions are what people can do with it that decides: "approve" and "deny".
	Actions []string `json:"actions,omitempty"`
	// Updates counts how often it was changed after it came.
	Updates int  `json:"updates"`
	Deleted bool `json:"deleted,omitempty"`
}

// Deed is what a person of the demo does, by their name: "ivan".
type Deed struct {
	Person string `json:"person"`
	Post   string `json:"post"`
	Action string `json:"action"`
	Reason string `json:"reason,omitempty"`
}

// Reaction is what the vendor showed the person at once.
type Reaction struct {
	// OK says that the vendor took it: its call to the plugin, if it makes one, was answered well and in time.
	OK bool `json:"ok"`
	// Status is what the plugin answered over HTTP; 0 where the vendor makes no such call.
	Status int `json:"status,omitempty"`
	// Said is the sentence that the person read at once, if any. Most answers come as posts that only they see.
	Said string `json:"said,omitempty"`
}

// RefusedError says why a person cannot do something.
type RefusedError string

// Error returns the sentence.
func (e RefusedError) Error() string { return string(e) }

func isRefused(err error) bool {
	_, refused := errors.AsType[RefusedError](err)
	return refused
}

// Refuse makes a refusal of a format and its values.
func Refuse(format string, args ...any) RefusedError {
	return RefusedError(fmt.Sprintf(format, args...))
}

// ServeStage adds a stage's paths to mux: GET /sandbox/posts, with ?about= for those whose text or key contains that, and
// POST /sandbox/do with a [Deed].
func ServeStage(mux *http.ServeMux, stage Stage) {
	mux.Handle("GET /sandbox/posts", Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		about := r.URL.Query().Get("about")
		posts := slices.DeleteFunc(stage.Posts(), func(p Post) bool {
			return !strings.Contains(p.Text, about) && p.Key != about
		})
		WriteJSON(w, http.StatusOK, map[string]any{"posts": posts})
	})))
	mux.Handle("POST /sandbox/do", Guard(Drive(stage.Do)))
}
