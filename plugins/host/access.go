package host

import (
	"context"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// notice is what the holder of an access is told once while it lasts.
type notice struct {
	slot string
	kind plugins.NoteKind
	// title heads a card that stands for the note at a vendor without replies.
	title string
}

// notices returns what the snapshot says the requester has to be told of their access, in the order it happened.
func notices(request v1.Request) []notice {
	access := request.Access
	if access == nil {
		return nil
	}
	roles, until := strings.Join(access.Roles, ", "), access.Expires.UTC().Format("2006-01-02 15:04 UTC")
	var due []notice
	if beganLater(request) {
		due = append(due, notice{
			slot: v1.SlotAccessStarted, kind: plugins.NoteAccessStarted,
			title: "Access to " + roles + " has begun; it ends at " + until,
		})
	}
	if access.Reminded != nil {
		due = append(due, notice{
			slot: v1.SlotAccessEnding, kind: plugins.NoteAccessEnding, title: "Access to " + roles + " ends at " + until,
		})
	}
	return due
}

// beganLater says whether the access has begun, but not when it was granted: that, the outcome has told already.
func beganLater(request v1.Request) bool {
	started := request.Access.Started
	return started != nil && request.Resolution != nil && started.After(request.Resolution.At)
}

// over says whether an access has ended, also if nobody has noted it yet.
func over(access v1.Access, now time.Time) bool {
	return access.Ended != nil || !now.Before(access.Expires)
}

// tellAccess tells the requester that their access has begun or ends soon. Once it is over, what was not told is not
// told any more; the ledger notes that too, so that nobody tries again.
func (h *Host) tellAccess(ctx context.Context, request v1.Request, to target, card plugins.Card, parent plugins.Ref) verdict {
	for _, due := range notices(request) {
		headed := card
		headed.Title = due.title
		j := h.noticeJob(request, to, due.slot, opAccess, parent, plugins.Note{Kind: due.kind, Card: headed})
		j.lapsed = over(*request.Access, time.Now())
		told := h.deliverer.bring(ctx, j)
		if told.status != settled && told.status != parked {
			return verdictOf(told)
		}
	}
	return verdict{}
}
