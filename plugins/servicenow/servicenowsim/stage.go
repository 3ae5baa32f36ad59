package servicenowsim

import (
	"context"
	"regexp"
	"strconv"

	"github.com/accede/accede/plugins/standin"
)

var _ standin.Stage = (*Sim)(nil)

// keyInNote finds a key in brackets at the end of a journal entry.
var keyInNote = regexp.MustCompile(`\[[a-z]+:([0-9A-Za-z-]+)\]\s*$`)

// Posts lists the records of the requests' table, oldest first, each followed by its journal.
func (s *Sim) Posts() []standin.Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	posts := []standin.Post{}
	for _, record := range s.db.tables[s.cfg.Table].rows {
		posts = append(posts, s.postOf(*record))
		for _, entry := range s.db.entries((*record)["sys_id"], "") {
			posts = append(posts, s.notePost(*record, entry))
		}
	}
	return posts
}

func (s *Sim) postOf(record row) standin.Post {
	updates, _ := strconv.Atoi(record["sys_mod_count"])
	post := standin.Post{
		ID: record["number"], Place: s.placeOf(record), Key: record["correlation_id"], Updates: updates,
		Text: record["short_description"] + "\n" + record["description"] + "\n" + record["close_notes"],
	}
	if s.open(record["sys_id"]) {
		post.Actions = []string{"approve", "deny"}
	}
	for _, approval := range s.db.approvalsOf(record["sys_id"]) {
		post.Text += "\nApproval of " + s.db.userName((*approval)["approver"]) + ": " + stateLabel((*approval)["state"])
	}
	return post
}

func (s *Sim) placeOf(record row) string {
	if group, there := s.db.tables[tableGroup].byID[record["assignment_group"]]; there {
		return (*group)["name"]
	}
	return s.cfg.Table
}

func (s *Sim) notePost(record, entry row) standin.Post {
	post := standin.Post{ID: entry["sys_id"], Place: s.placeOf(record), Parent: record["number"], Text: entry["value"]}
	if found := keyInNote.FindStringSubmatch(entry["value"]); found != nil {
		post.Key = found[1]
	}
	return post
}

func stateLabel(state string) string {
	labels := map[string]string{
		requested: "Requested", approved: "Approved", rejected: "Rejected", notRequired: "No Longer Required",
		"cancelled": "Cancelled", "not requested": "Not Yet Requested",
	}
	if label, known := labels[state]; known {
		return label
	}
	return state
}

// Do lets a person act on their own approval of a record.
func (s *Sim) Do(ctx context.Context, deed standin.Deed) (standin.Reaction, error) {
	return s.Decide(ctx, Choice{Person: deed.Person, Record: deed.Post, Verdict: deed.Action, Comment: deed.Reason})
}
