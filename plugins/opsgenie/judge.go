package opsgenie

import (
	"context"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

const (
	// clocksDiffer is how far the service's clock and the core's may be apart.
	clocksDiffer = time.Minute

	evidenceLine  = "log_line"
	evidenceAlert = "alert"
	evidenceOwner = "log_owner"
)

// judge reads an alert's log and returns the decisions in it, each person's last word only. Nothing is taken from a webhook:
// what it led to is read back here.
func (b *pollBot) judge(ctx context.Context, p plugins.Posted) ([]v1.Decision, error) {
	at, err := decodeRef(p.Ref)
	if err != nil {
		return nil, err
	}
	pressed, err := b.api.presses(ctx, at.alert, p.Since.Add(-clocksDiffer), b.pattern)
	if err != nil || len(pressed) == 0 {
		return nil, err
	}
	shown, ok, err := b.shown(ctx, at, p)
	if err != nil || !ok {
		return nil, err
	}
	return b.decisions(ctx, pressed, shown, p)
}

// shown reads the alert back and returns the fingerprint of what it shows. It refuses an alert that is not the one that was
// made for the request: another alias, or a description of another request.
func (b *pollBot) shown(ctx context.Context, at ref, p plugins.Posted) (fingerprint string, ok bool, err error) {
	found, err := b.api.alert(ctx, at.alert)
	if err != nil {
		return "", false, err
	}
	requestID, fingerprint, readable := wording.ReadFooter(found.Description)
	if found.ID != at.alert || found.Alias != at.key || !readable || requestID != p.Card.RequestID {
		b.log.Warn("alert is not the one that was made for the request; nothing in it counts",
			"request_id", p.Card.RequestID, "alert", at.alert)
		return "", false, nil
	}
	return fingerprint, true, nil
}

// decisions finds out who pressed. A text that names nobody for certain counts for nothing, and takes nothing back.
func (b *pollBot) decisions(ctx context.Context, pressed []press, fingerprint string, p plugins.Posted) ([]v1.Decision, error) {
	people := map[string]user{}
	var made []v1.Decision
	for _, one := range pressed {
		who, err := b.who(ctx, one.Owner, people)
		if err != nil {
			return nil, err
		}
		if who.id == "" {
			b.log.Info("somebody pressed a button, and the log does not say for certain who", "request_id", p.Card.RequestID,
				"owner", oneLine(one.Owner, maxName))
			continue
		}
		made = slices.DeleteFunc(made, func(d v1.Decision) bool { return d.Identity.User == who.id })
		made = append(made, v1.Decision{
			ID:       v1.DecisionID(Name, one.Offset, who.id, p.Card.RequestID, one.verdict),
			Identity: v1.Identity{Plugin: Name, Tenant: b.config.tenant(), User: who.id},
			UserName: oneLine(who.name, maxName), RequestID: p.Card.RequestID, Verdict: one.verdict,
			SeenVersion: p.Card.Version, SeenFingerprint: fingerprint, Made: one.at().UTC(),
			Evidence: map[string]string{
				evidenceLine: one.Offset, evidenceAlert: string(p.Ref), evidenceOwner: oneLine(one.Owner, maxName),
			},
		})
	}
	return made, nil
}

// who finds the one account that a text names.
func (b *pollBot) who(ctx context.Context, text string, known map[string]user) (user, error) {
	if found, asked := known[text]; asked {
		return found, nil
	}
	found, ok, err := b.api.speaks.userByText(ctx, b.api, text)
	if err != nil {
		return user{}, err
	}
	if !ok {
		found = user{}
	}
	known[text] = found
	return found, nil
}

// submit hands decisions over.
func (b *pollBot) submit(ctx context.Context, made []v1.Decision, decisions plugins.Decisions) {
	for _, d := range made {
		if err := decisions.Submit(ctx, d); err != nil {
			b.log.Error("decision was not taken", "request_id", d.RequestID, "err", err)
		}
	}
}
