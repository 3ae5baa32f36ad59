package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

// Check asks PagerDuty whether everything needed is there.
func (b *bot) Check(ctx context.Context, recipients []string) []plugins.Finding {
	if err := b.api.probe(ctx, "/users", url.Values{"limit": {"1"}}); said(err, http.StatusUnauthorized) || unusable(err) {
		return []plugins.Finding{finding("The credential does not work", err)}
	}
	findings := slices.Concat(b.checkRights(ctx), b.checkFrom(ctx), b.checkWays(ctx), b.checkWebhooks(ctx))
	for _, recipient := range recipients {
		findings = append(findings, b.checkRecipient(ctx, recipient)...)
	}
	return findings
}

// unusable tells failures that make every further question pointless.
func unusable(err error) bool {
	if err == nil {
		return false
	}
	_, answered := errors.AsType[*saidError](err)
	return !answered
}

// finding words an error of PagerDuty's.
func finding(what string, err error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + err.Error() + ".", Fix: "See the plugin's log."}
	if typed, ok := errors.AsType[*plugins.Error](err); ok && typed.Public != "" {
		f.Fix = typed.Public
	}
	return f
}

// right is something that the credential must be allowed.
type right struct {
	scope, use, path string
	query            url.Values
	// without says what still works when it is missing; empty if nothing does.
	without string
}

func rights() []right {
	one := url.Values{"limit": {"1"}}
	return []right{
		{"users.read", "tell people apart", "/users", one, ""},
		{"services.read", "find services", "/services", one, "nothing if on-call approval is all you use"},
		{"incidents.read", "find its incidents again", "/incidents", one, "nothing if on-call approval is all you use"},
		{"oncalls.read", "see who is on call", "/oncalls", one, "being on call approves nothing"},
		{"schedules.read", "tell an empty schedule from a missing one", "/schedules", one, "being on call on a shift-based schedule approves nothing"},
		{
			"escalation_policies.read", "read the levels of shift-based schedules", "/escalation_policies", one,
			"being on call on a shift-based schedule approves nothing",
		},
	}
}

func (b *bot) checkRights(ctx context.Context) []plugins.Finding {
	var findings []plugins.Finding
	for _, needed := range rights() {
		if err := b.api.probe(ctx, needed.path, needed.query); err != nil {
			findings = append(findings, b.missing(needed, err))
		}
	}
	if err := b.api.mayWrite(ctx); err != nil {
		findings = append(findings, b.missing(right{scope: "incidents.write", use: "open, resolve and annotate incidents"}, err))
	}
	return findings
}

func (b *bot) missing(needed right, err error) plugins.Finding {
	if !said(err, http.StatusForbidden) && !said(err, http.StatusUnauthorized) {
		return finding("The right "+needed.scope+" could not be checked", err)
	}
	f := plugins.Finding{
		What: fmt.Sprintf("PagerDuty does not let the plugin %s: the right %s is missing.", needed.use, needed.scope),
		Fix: "Make a key that is not read-only, under Integrations → API Access Keys, and give it as api_key; or better, use an app " +
			"with scoped OAuth.",
	}
	if b.config.scoped() {
		f.Fix = fmt.Sprintf("Add the scope %s at PagerDuty → Integrations → App Registration → your app → Scoped OAuth, and save.", needed.scope)
	}
	if needed.without != "" {
		f.Warning = true
		f.Fix += " Without it, " + needed.without + "."
	}
	return f
}

// noIncident is no incident: writing to it shows whether writing is allowed, and changes nothing.
const noIncident = "PACCEDE0NONE0"

// mayWrite tries to change an incident that does not exist.
func (a *api) mayWrite(ctx context.Context) error {
	err := a.update(ctx, noIncident, change{Title: "Accede asks whether it may write"})
	if said(err, http.StatusForbidden) || said(err, http.StatusUnauthorized) || unusable(err) {
		return err
	}
	return nil
}

func (b *bot) checkFrom(ctx context.Context) []plugins.Finding {
	found, err := b.api.usersWithEmail(ctx, b.config.From)
	switch {
	case err != nil:
		return []plugins.Finding{finding("The user that from names cannot be looked up", err)}
	case len(found) != 1:
		return []plugins.Finding{{
			What: fmt.Sprintf("No PagerDuty user who accepted the invitation has the address %q, so PagerDuty refuses to write.", b.config.From),
			Fix:  "Give the e-mail address of a user in from; one of its own, such as accede@example.com, keeps the history clear.",
		}}
	}
	page, err := url.Parse(found[0].Page)
	if account, _, _ := strings.Cut(page.Hostname(), "."); err == nil && account != "" && account != b.config.Subdomain {
		return []plugins.Finding{{
			What: fmt.Sprintf("The credential belongs to the account %q, and subdomain says %q.", account, b.config.Subdomain),
			Fix:  "Correct subdomain, or use a credential of the other account.",
		}}
	}
	return nil
}

func (b *bot) checkWays(ctx context.Context) []plugins.Finding {
	var findings []plugins.Finding
	if b.config.allows(ByWorkflow) {
		for _, id := range []string{b.config.ApproveWorkflow, b.config.DenyWorkflow} {
			if err := b.api.probe(ctx, "/incident_workflows/"+id, nil); err != nil {
				findings = append(findings, finding(fmt.Sprintf("The incident workflow %s cannot be read (right incident_workflows.read)", id), err))
			}
		}
	}
	if b.config.allows(ByField) {
		findings = append(findings, b.checkField(ctx)...)
	}
	return findings
}

func (b *bot) checkField(ctx context.Context) []plugins.Finding {
	options, found, err := b.api.fieldOptions(ctx, b.config.Field)
	switch {
	case err != nil:
		return []plugins.Finding{finding("The custom fields cannot be read", err)}
	case !found:
		return []plugins.Finding{{
			What: fmt.Sprintf("Incidents have no custom field %q.", b.config.Field),
			Fix:  "Correct field, or make the field under Incidents → Custom Fields; its name is not its display name.",
		}}
	case !slices.Contains(options, verdictOfApprove) || !slices.Contains(options, verdictOfDeny):
		return []plugins.Finding{{
			What: fmt.Sprintf("The custom field %q lacks the options approve and deny.", b.config.Field),
			Fix:  "Give it exactly these two options, of the type single select.",
		}}
	default:
		return nil
	}
}

func (b *bot) checkWebhooks(ctx context.Context) []plugins.Finding {
	switch {
	case len(b.config.DecideBy) == 0:
		return nil
	case b.config.WebhookSecret.IsZero():
		return []plugins.Finding{{
			What: "PagerDuty cannot tell the plugin of decisions, so it asks from time to time.", Warning: true,
			Fix: "Make a v3 webhook subscription and give its secret in webhook_secret, if PagerDuty can reach the plugin; else keep it so.",
		}}
	case b.config.WebhookSubscription == "":
		return nil
	}
	sub, err := b.api.subscription(ctx, b.config.WebhookSubscription)
	if err != nil {
		return []plugins.Finding{finding("The webhook subscription cannot be read (right webhook_subscriptions.read)", err)}
	}
	return checkSubscription(sub, b.config)
}

func checkSubscription(sub subscription, c *Config) []plugins.Finding {
	var findings []plugins.Finding
	if !sub.Active || sub.Delivery.Disabled {
		findings = append(findings, plugins.Finding{
			What: "PagerDuty has switched the webhook subscription off, because the plugin did not take its webhooks or because somebody did.",
			Fix:  "Press Enable on the subscription's page under Integrations → Generic Webhooks (v3), once the plugin can be reached.",
		})
	}
	events := map[Way]string{
		ByNote: "incident.annotated", ByField: "incident.custom_field_values.updated", ByWorkflow: "incident.workflow.started",
	}
	for _, way := range c.DecideBy {
		if !slices.Contains(sub.Events, events[way]) {
			findings = append(findings, plugins.Finding{
				What: fmt.Sprintf("The webhook subscription does not send %s, so decisions by %s wait until the plugin asks.", events[way], way),
				Fix:  "Tick " + events[way] + " on the subscription's page.", Warning: true,
			})
		}
	}
	return findings
}

func (b *bot) checkRecipient(ctx context.Context, recipient string) []plugins.Finding {
	found, err := b.service(ctx, strings.TrimSpace(recipient))
	switch {
	case err != nil:
		return []plugins.Finding{finding(fmt.Sprintf("The service %q cannot be looked up", recipient), err)}
	case len(found) == 0:
		return []plugins.Finding{{
			What: fmt.Sprintf("There is no service %q that the plugin can see.", recipient),
			Fix:  "Correct its name or id in role_to_recipients; names are compared exactly, capital letters too.",
		}}
	case len(found) > 1:
		return []plugins.Finding{{
			What: fmt.Sprintf("%d services are called %q.", len(found), recipient), Fix: "Give the id of one of them.",
		}}
	case found[0].disabled():
		return []plugins.Finding{{
			What: fmt.Sprintf("The service %q is disabled, so PagerDuty refuses incidents there.", recipient),
			Fix:  "Enable it in PagerDuty, or name another one in role_to_recipients.",
		}}
	default:
		return nil
	}
}
