package pagerduty

import (
	"context"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

const (
	// clocksDiffer is how far PagerDuty's clock and the core's may be apart.
	clocksDiffer = time.Minute
	// noteMatches is how far a note and its line in the history may be apart.
	noteMatches = 5 * time.Second

	evidenceEntry    = "log_entry"
	evidenceIncident = "incident"
	evidenceWay      = "way"
	evidenceChannel  = "channel"
)

// judge reads an incident's history and returns the decisions in it, each person's last word only. Nothing is taken from
// a webhook: what it led to is read back here.
func (b *pollBot) judge(ctx context.Context, p plugins.Posted) ([]v1.Decision, error) {
	at, err := decodeRef(p.Ref)
	if err != nil {
		return nil, err
	}
	own, err := b.self(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := b.api.history(ctx, at.incident, p.Since.Add(-clocksDiffer))
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e entry) bool { return e.Agent.ID == own || !e.matters(b.config) })
	if len(entries) == 0 {
		return nil, nil
	}
	shown, ok, err := b.shown(ctx, at, p)
	if err != nil || !ok {
		return nil, err
	}
	words, err := b.words(ctx, at.incident, entries)
	if err != nil {
		return nil, err
	}
	return b.decisions(words, shown, p), nil
}

// shown reads the incident back and returns the fingerprint of what it shows. It refuses an incident that is not the one
// that was opened for the request: another key, another service, or details about another request.
func (b *pollBot) shown(ctx context.Context, at ref, p plugins.Posted) (fingerprint string, ok bool, err error) {
	found, err := b.api.incident(ctx, at.incident)
	if err != nil {
		return "", false, err
	}
	requestID, fingerprint, readable := wording.ReadFooter(found.Body.Details)
	if found.ID != at.incident || found.Key != at.key || found.Service.ID != p.Destination.ID || !readable || requestID != p.Card.RequestID {
		b.log.Warn("incident is not the one that was opened for the request; nothing in it counts",
			"request_id", p.Card.RequestID, "incident", at.incident)
		return "", false, nil
	}
	return fingerprint, true, nil
}

// word is what somebody said, and how.
type word struct {
	entry
	verdict v1.Verdict
	way     Way
}

// words reads what was said, each person's last word only. A last word that is no verdict takes an earlier one back.
func (b *pollBot) words(ctx context.Context, incident string, entries []entry) ([]word, error) {
	notes, err := b.notesFor(ctx, incident, entries)
	if err != nil {
		return nil, err
	}
	last := map[string]word{}
	var order []string
	for _, e := range entries {
		var said word
		said, notes = b.wordIn(e, notes)
		if said.verdict == "" && said.way == ByNote {
			continue // people write notes about other things
		}
		order = append(slices.DeleteFunc(order, func(id string) bool { return id == e.Agent.ID }), e.Agent.ID)
		last[e.Agent.ID] = said
	}
	var words []word
	for _, id := range order {
		if said := last[id]; said.verdict != "" {
			words = append(words, said)
		}
	}
	return words, nil
}

// notesFor returns the incident's notes, oldest first, if there is an entry about one.
func (b *pollBot) notesFor(ctx context.Context, incident string, entries []entry) ([]writing, error) {
	if !slices.ContainsFunc(entries, func(e entry) bool { return e.Type == typeNote }) {
		return nil, nil
	}
	return b.api.notes(ctx, incident)
}

// wordIn returns what an entry says, and the notes without the one that it is about.
func (b *pollBot) wordIn(e entry, notes []writing) (word, []writing) {
	switch e.Type {
	case typeNote:
		verdict, rest := noteOf(e, notes)
		return word{e, verdict, ByNote}, rest
	case typeCustomField, typeField:
		return word{e, e.setTo(b.config.Field), ByField}, notes
	default:
		return word{e, e.runs(b.config), ByWorkflow}, notes
	}
}

// noteOf finds the note that an entry is about, and returns the other notes: the oldest by the same person at about the same
// time. PagerDuty does not name the note in the entry.
func noteOf(e entry, notes []writing) (v1.Verdict, []writing) {
	at := slices.IndexFunc(notes, func(n writing) bool {
		return n.User.ID == e.Agent.ID && n.At.Sub(e.At).Abs() <= noteMatches
	})
	if at < 0 {
		return "", notes
	}
	return commandIn(notes[at].Content), slices.Concat(notes[:at], notes[at+1:])
}

func (b *pollBot) decisions(words []word, fingerprint string, p plugins.Posted) []v1.Decision {
	made := make([]v1.Decision, 0, len(words))
	for _, said := range words {
		made = append(made, v1.Decision{
			ID:       v1.DecisionID(Name, said.ID, said.Agent.ID, p.Card.RequestID, said.verdict),
			Identity: v1.Identity{Plugin: Name, Tenant: b.config.Subdomain, User: said.Agent.ID},
			UserName: oneLine(said.Agent.named(), maxName), RequestID: p.Card.RequestID, Verdict: said.verdict,
			SeenVersion: p.Card.Version, SeenFingerprint: fingerprint, Made: said.At.UTC(),
			Evidence: map[string]string{
				evidenceEntry: said.ID, evidenceIncident: string(p.Ref), evidenceWay: string(said.way), evidenceChannel: said.Channel.Type,
			},
		})
	}
	return made
}

// submit hands decisions over, and empties the custom field so that the next person can set it.
func (b *pollBot) submit(ctx context.Context, p plugins.Posted, made []v1.Decision, decisions plugins.Decisions) {
	used := false
	for _, d := range made {
		if err := decisions.Submit(ctx, d); err != nil {
			b.log.Error("decision was not taken", "request_id", d.RequestID, "err", err)
			continue
		}
		used = used || d.Evidence[evidenceWay] == string(ByField)
	}
	if !used {
		return
	}
	at, err := decodeRef(p.Ref)
	if err != nil {
		return
	}
	if err := b.api.clearField(ctx, at.incident, b.config.Field); err != nil {
		b.log.Warn("custom field could not be emptied; the next person has to choose another value first",
			"request_id", p.Card.RequestID, "err", err)
	}
}
