package opsgenie

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/accede/accede/plugins"
)

// Check asks the service whether everything needed is there.
func (b *bot) Check(ctx context.Context, recipients []string) []plugins.Finding {
	findings := b.checkSunset()
	err := b.probe(ctx, reading("checking alerts", "/alerts", url.Values{b.api.speaks.sizeName(): {"1"}}))
	if said(err, http.StatusUnauthorized) || unusable(err) {
		return append(findings, finding("The credential does not work", err))
	}
	if err != nil {
		findings = append(findings, b.lacks("read alerts", "no alert can be found again", err))
	}
	findings = slices.Concat(findings, b.checkSite(ctx), b.checkRights(ctx), b.checkActions())
	for _, recipient := range recipients {
		findings = append(findings, b.checkRecipient(ctx, recipient)...)
	}
	return findings
}

// sunset is when Opsgenie's REST API ends: https://www.atlassian.com/software/opsgenie/migration.
func sunset() time.Time { return time.Date(2027, time.April, 5, 0, 0, 0, 0, time.UTC) }

func saySunset(now time.Time) string {
	const day = "2 January 2006"
	if now.Before(sunset()) {
		return "Opsgenie ends on " + sunset().Format(day) + ": from then on its API answers no more, no alert is made and being on call approves nothing."
	}
	return "Opsgenie has ended on " + sunset().Format(day) + "."
}

const sayMove = "Let Atlassian move the account to Jira Service Management, then set dialect: jsm with cloud_id, site_url, email and " +
	"api_token, and name the new ids of schedules."

// checkSunset warns of the end. The host logs what is found each time the plugin starts.
func (b *bot) checkSunset() []plugins.Finding {
	if b.config.Dialect != DialectOpsgenie {
		return nil
	}
	return []plugins.Finding{{What: saySunset(b.now()), Fix: sayMove, Warning: b.now().Before(sunset())}}
}

func (b *bot) probe(ctx context.Context, c call) error {
	_, err := b.api.do(ctx, c)
	return err
}

// unusable tells failures that make every further question pointless.
func unusable(err error) bool {
	if err == nil {
		return false
	}
	_, answered := errors.AsType[*saidError](err)
	return !answered
}

// finding words an error of the service's.
func finding(what string, err error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + err.Error() + ".", Fix: "See the plugin's log."}
	if typed, ok := errors.AsType[*plugins.Error](err); ok && typed.Public != "" {
		f.Fix = typed.Public
	}
	return f
}

// lacks words the lack of a right.
func (b *bot) lacks(what, without string, err error) plugins.Finding {
	if byTeamKey(err) {
		return plugins.Finding{What: fmt.Sprintf("The API key belongs to a team and may not %s, so %s.", what, without), Fix: sayTeamKey}
	}
	if !said(err, http.StatusForbidden) && !said(err, http.StatusUnauthorized) {
		return finding("Whether the plugin may "+what+" could not be found out", err)
	}
	f := plugins.Finding{
		What: fmt.Sprintf("%s does not let the plugin %s, so %s.", b.api.speaks.title(), what, without),
		Fix: "Under Settings > API key management, edit the key and tick Read, Create and Update, and Configuration Access; or make a new " +
			"one, and give it as api_key.",
	}
	if b.config.Dialect == DialectJSM {
		f.Fix = "Give the account of email a product seat of Jira Service Management, a role in Operations that may do this, and the " +
			"permission Browse users and groups."
	}
	return f
}

// noAlert is no alert: closing it shows whether closing is allowed, and changes nothing.
const noAlert = "00000000-0000-4000-8000-000000000000"

func (b *bot) checkRights(ctx context.Context) []plugins.Finding {
	var findings []plugins.Finding
	closing := call{op: "checking changes", effect: repeatable, method: http.MethodPost, path: "/alerts/" + noAlert + "/close"}
	if body := b.api.speaks.closeBody(); body != nil {
		closing.body = body
	}
	for _, right := range []struct {
		c             call
		what, without string
		warning       bool
	}{
		{closing, "change alerts", "no alert is made, noted or closed", false},
		{
			reading("checking schedules", "/schedules", url.Values{b.api.speaks.sizeName(): {"1"}}),
			"read schedules", "being on call approves nothing", true,
		},
		{b.api.speaks.probePeople(), "look people up", "only people with a connected account are found", true},
	} {
		err := b.probe(ctx, right.c)
		if err == nil || notFound(err) {
			continue
		}
		f := b.lacks(right.what, right.without, err)
		f.Warning = right.warning
		findings = append(findings, f)
	}
	return findings
}

// checkSite compares the site with the id that is said to be its.
func (b *bot) checkSite(ctx context.Context) []plugins.Finding {
	if b.config.Dialect != DialectJSM {
		return nil
	}
	tenant, err := fetch[struct {
		CloudID string `json:"cloudId"`
	}](ctx, b.api, reading("reading the site's id", tenantPath, nil))
	switch {
	case err != nil:
		f := finding("The id of the site could not be compared with cloud_id", err)
		f.Warning = true
		return []plugins.Finding{f}
	case tenant.CloudID != b.config.CloudID:
		return []plugins.Finding{{
			What: fmt.Sprintf("The site at site_url has the id %q, and cloud_id says %q.", oneLine(tenant.CloudID, maxName), b.config.CloudID),
			Fix:  "Correct cloud_id or site_url; they have to be of one site.",
		}}
	default:
		return nil
	}
}

func (b *bot) checkActions() []plugins.Finding {
	if !b.buttons {
		return nil
	}
	findings := []plugins.Finding{{
		What: "Alerts carry buttons that decide, and who presses one is known as text only: whoever has an API key can press one in " +
			"anybody's name.",
		Fix: "Remove custom_actions, so that alerts carry a link to Accede; or keep the number of keys small.", Warning: true,
	}}
	if b.config.WebhookSecret.IsZero() {
		findings = append(findings, plugins.Finding{
			What: "The service cannot tell the plugin of pressed buttons, so it asks from time to time.", Warning: true,
			Fix: "Make a webhook integration and give its secret in webhook_secret, if the service can reach the plugin; else keep it so.",
		})
	}
	return findings
}

func (b *bot) checkRecipient(ctx context.Context, recipient string) []plugins.Finding {
	kind, name := splitRecipient(recipient)
	found, err := b.api.speaks.lookUp(ctx, b.api, kind, name)
	switch {
	case byTeamKey(err):
		return []plugins.Finding{{What: fmt.Sprintf("The API key belongs to a team and does not see the recipient %q.", recipient), Fix: sayTeamKey}}
	case err != nil:
		return []plugins.Finding{finding(fmt.Sprintf("The recipient %q cannot be looked up", recipient), err)}
	case len(found) == 0:
		return []plugins.Finding{{
			What: fmt.Sprintf("There is no %s %q that the plugin can see.", kind, name),
			Fix: "Correct its name or id in role_to_recipients; names are compared exactly, capital letters too. A word before it says what " +
				"it is: \"schedule: Name\", \"escalation: ID\", \"user: ADDRESS\"; without one it is a team.",
		}}
	case len(found) > 1:
		return []plugins.Finding{{
			What: fmt.Sprintf("%d of the kind %s are called %q.", len(found), kind, name), Fix: "Give the id of one of them.",
		}}
	default:
		return nil
	}
}
