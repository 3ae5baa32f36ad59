package hosttest

import (
	"cmp"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// maxCards bounds a page of cards, small so that hosts page.
const maxCards = 3

// duty is who does something for all replicas, and until when.
type duty struct {
	owner string
	until time.Time
}

// Notes returns the notes that the plugin put on a request.
func (c *Core) Notes(requestID string) []string { return c.Request(requestID).Notes }

// DutyOf returns which replica had a duty last.
func (c *Core) DutyOf(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.duties[name].owner
}

// cards lists posted cards of pending requests, or those of one request. The lock is held.
func (c *Core) cards(question v1.CardsRequest) v1.CardsReply {
	reply := v1.CardsReply{Cards: []v1.PostedCard{}}
	var rows []*row
	for _, r := range c.rows {
		request, known := c.requests[r.RequestID]
		asked := question.RequestID == r.RequestID || question.RequestID == "" && request.State == v1.StatePending
		if known && asked && r.Slot == v1.SlotCard && r.Ref != "" && r.ID > question.Cursor {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b *row) int { return cmp.Compare(a.ID, b.ID) })
	for _, r := range rows {
		if question.RequestID == "" && len(reply.Cards) == maxCards {
			break
		}
		reply.Cards = append(reply.Cards, v1.PostedCard{
			Request: c.requests[r.RequestID], Destination: r.Destination, DestinationName: r.DestinationName,
			Ref: r.Ref, FirstTried: r.FirstTried,
		})
		if question.RequestID == "" {
			reply.Next = r.ID
		}
	}
	return reply
}

// takeDuty gives a duty to one owner at a time. The lock is held.
func (c *Core) takeDuty(question v1.DutyRequest) v1.DutyReply {
	held, now := c.duties[question.Duty], time.Now()
	if held.owner != "" && held.owner != question.Owner && now.Before(held.until) {
		return v1.DutyReply{}
	}
	c.duties[question.Duty] = duty{question.Owner, now.Add(question.Lease.Std())}
	return v1.DutyReply{Granted: true}
}

// note adds a sentence to a pending request, without an event of its own. The lock is held.
func (c *Core) note(question v1.NoteRequest) v1.NoteReply {
	request := c.requests[question.RequestID]
	if request.State != v1.StatePending || slices.Contains(request.Notes, question.Text) {
		return v1.NoteReply{}
	}
	request.Version++
	request.Notes = append(slices.Clone(request.Notes), question.Text)
	c.requests[question.RequestID] = request
	return v1.NoteReply{Added: true}
}
