package servicenow

import (
	"context"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// overlap is how far each question reaches back behind the one before it: an approval is visible only once its
	// transaction has ended, and carries the time at which it began.
	overlap = time.Minute
	// lookAgain is how often a record's approvals are looked at whatever their time. It is the net for a time zone that is
	// not the configured one, and for clocks that were set.
	lookAgain = 10 * time.Minute
)

// Poll asks for approvals of the open records that were decided. Records that it knows are asked about in one question,
// however many they are, by time; new ones by their ids.
func (b *bot) Poll(ctx context.Context, open []plugins.Posted, decisions plugins.Decisions) error {
	records := b.recordsIn(open)
	if len(records) == 0 {
		return nil
	}
	known, fresh, from := b.seen.sort(records)
	for _, ids := range chunks(fresh) {
		if err := b.look(ctx, records, ids, decisions, in("document_id", ids)); err != nil {
			return err
		}
	}
	if len(known) == 0 {
		return nil
	}
	clauses := []string{since("sys_updated_on", from, b.config.zone())}
	if len(known) <= maxTogether {
		clauses = append(clauses, in("document_id", known))
	}
	return b.look(ctx, records, known, decisions, clauses...)
}

// recordsIn returns the cards that are records of the table, by sys_id.
func (b *bot) recordsIn(open []plugins.Posted) map[string]plugins.Posted {
	records := map[string]plugins.Posted{}
	for _, p := range open {
		if at, err := decodeRef(p.Ref); err == nil && at.isRecord(b.config.Table) {
			records[at.record] = p
		}
	}
	return records
}

// look asks one question about some records and hands over what was decided on any of them.
func (b *bot) look(ctx context.Context, records map[string]plugins.Posted, about []string, decisions plugins.Decisions,
	clauses ...string,
) error {
	rows, asOf, err := b.api.ask(ctx, question{
		op: "polling approvals", table: approvalTable, fields: approvalFields(),
		clauses: append([]string{is("source_table", b.config.Table), in("state", []string{stateApproved, stateRejected})}, clauses...),
	})
	if err != nil {
		return err
	}
	if err := b.judge(ctx, rows, records, decisions); err != nil {
		return err
	}
	b.seen.looked(about, asOf)
	return nil
}

// sightings remembers until when records were looked at, and which approvals were dealt with.
type sightings struct {
	now func() time.Time

	mu      sync.Mutex
	records map[string]sighting
	dealt   map[string]string
}

// sighting is how far a record was looked at by the instance's clock, and when it was looked at whatever the time by ours.
type sighting struct {
	until time.Time
	whole time.Time
}

// maxSightings bounds what is remembered. Forgetting costs questions, not decisions.
const maxSightings = 20000

func newSightings(now func() time.Time) *sightings {
	return &sightings{now: now, records: map[string]sighting{}, dealt: map[string]string{}}
}

// sort parts records into those that a question by time covers, with the time it has to begin at, and the others.
func (s *sightings) sort(records map[string]plugins.Posted) (known, fresh []string, from time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range records {
		seen, ok := s.records[id]
		if !ok || seen.until.IsZero() || s.now().Sub(seen.whole) >= lookAgain {
			delete(s.records, id)
			fresh = append(fresh, id)
			continue
		}
		known = append(known, id)
		if from.IsZero() || seen.until.Before(from) {
			from = seen.until
		}
	}
	return known, fresh, from.Add(-overlap)
}

// looked notes that everything up to asOf was dealt with.
func (s *sightings) looked(ids []string, asOf time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.records) >= maxSightings {
		clear(s.records)
	}
	for _, id := range ids {
		seen, ok := s.records[id]
		if !ok {
			seen.whole = s.now()
		}
		seen.until = asOf
		s.records[id] = seen
	}
}

// stamp tells one decision on an approval from a later one.
func stamp(r row) string {
	return r.get("state") + "/" + r.get("sys_updated_on") + "/" + r.get("sys_updated_by")
}

func (s *sightings) isDealt(r row) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dealt[r.id()] == stamp(r)
}

func (s *sightings) deal(r row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.dealt) >= maxSightings {
		clear(s.dealt)
	}
	s.dealt[r.id()] = stamp(r)
}
