package mattermostsim

import (
	"net/http"
	"time"

	"github.com/mattermost/mattermost-server/v6/model"
)

// A node remembers pending post ids for so long, and so many:
// https://github.com/mattermost/mattermost/blob/master/server/channels/app/post.go.
const (
	pendingFor = 30 * time.Second
	maxPending = 25_000
)

// pendingPost is what became of a pending post id; the post is nil while it is being saved.
type pendingPost struct {
	post  *post
	until time.Time
}

// repeated notes a pending post id on the node that got it, or returns the post that came of it before.
func (s *Sim) repeated(node int, id string) (*model.Post, *problem) {
	if id == "" {
		return nil, nil //nolint:nilnil // a post without the id is new
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Clock()
	seen := s.nodes[node%len(s.nodes)]
	known, found := seen[id]
	switch {
	case !found || now.After(known.until):
		if len(seen) >= maxPending {
			clear(seen)
		}
		seen[id] = pendingPost{until: now.Add(pendingFor)}
		return nil, nil //nolint:nilnil // it is new
	case known.post == nil:
		return nil, fail(http.StatusInternalServerError, "api.post.deduplicate_create_post.pending", "Rejected post since another client is making the same request.")
	default:
		out := known.post.wire()
		out.Metadata, out.PendingPostId = nil, ""
		return out, nil
	}
}

// concluded notes what came of a pending post id. One that failed is forgotten.
func (s *Sim) concluded(node int, id string, made *post) {
	if id == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.nodes[node%len(s.nodes)]
	if made == nil {
		delete(seen, id)
		return
	}
	seen[id] = pendingPost{post: made, until: s.opts.Clock().Add(pendingFor)}
}
