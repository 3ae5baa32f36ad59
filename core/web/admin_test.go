package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// doorman lets every plugin in.
type doorman struct{ pending map[string]int64 }

func (doorman) AddPlugin(context.Context, string, string) error { return nil }

func (doorman) RemovePlugin(context.Context, string) error { return nil }

func (d doorman) Pending(_ context.Context, name string) (int64, error) { return d.pending[name], nil }

// openAdmin is a house with an administrator who can sign in as root, and plugins that tests let report.
func openAdmin(t *testing.T) *office {
	t.Helper()
	return furnish(open(t))
}

func furnish(h *house) *office {
	h.t.Helper()
	o := &office{house: h, replicas: map[string][]v1.Replica{}, pending: map[string]int64{}}
	o.Gate = doorman{o.pending}
	o.Replicas = func(plugin string) []v1.Replica { return o.replicas[plugin] }
	o.apply("kind: user\nversion: v1\nmetadata: {name: root}\nspec: {admin: true}\n")
	o.setPassword("root")
	return o
}

type office struct {
	*house
	replicas map[string][]v1.Replica
	pending  map[string]int64
}

func (o *office) connect(plugin string) {
	o.t.Helper()
	if _, err := o.AddPlugin(o.t.Context(), o.admin, v1.PluginInput{Name: plugin}); err != nil {
		o.t.Fatal(err)
	}
}

// report lets a replica of a plugin be heard.
func (o *office) report(plugin, problem string) {
	o.replicas[plugin] = []v1.Replica{{Alive: true, Seen: opening, Heartbeat: v1.Heartbeat{
		Replica: plugin + "-1", Version: "v1.2.3", Started: opening, Problem: problem, LagMillis: 1340, Posted: 7,
	}}}
}

// park stores a delivery to Slack that has failed for good, and returns its id.
func (o *office) park(destination, problem string) string {
	o.t.Helper()
	return o.deliver(v1.DeliveryParked, destination, problem, time.Time{})
}

func (o *office) deliver(state, destination, problem string, next time.Time) string {
	o.t.Helper()
	id := "delivery-" + destination
	err := o.Store.Update(o.t.Context(), func(tx core.Tx) error {
		return tx.SaveDelivery(v1.Delivery{
			ID: id, Plugin: "slack", DeliveryKey: v1.DeliveryKey{Destination: destination, RequestID: "01946a00-0000-7000-8000-000000000001", Slot: v1.SlotCard},
			DestinationName: destination, State: state, FirstTried: opening, LastError: problem, Attempt: 3, NextTry: next,
		})
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return id
}

// last are the newest entries of the audit, as actions.
func (o *office) last(n int) string {
	o.t.Helper()
	var actions []string
	for _, entry := range o.entries()[:n] {
		actions = append(actions, entry.Actor+" "+entry.Action+" "+entry.Via)
	}
	return strings.Join(actions, "\n")
}

func TestOnlyAdministratorsSeeTheAdministration(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	root.get("/admin").leads("/admin/plugins")
	root.get("/account").want(http.StatusOK, `href="/admin/plugins"`)
	page := root.get("/admin/people").want(http.StatusOK)
	if n := strings.Count(page.body, "aria-current"); n != 2 {
		t.Errorf("%d links are marked as current, want the entry and the tab: %s", n, page.body)
	}
	ivan := o.signedIn("ivan")
	ivan.get("/account").want(http.StatusOK).without("/admin")
	ivan.get("/admin/people").want(http.StatusForbidden, "Only an administrator").without("alice@", `href="/admin`)
	if got := o.last(1); got != "ivan admin.page_refused web" {
		t.Errorf("the audit ends with %q", got)
	}
}

func TestPluginsAsTiles(t *testing.T) {
	o := openAdmin(t)
	o.connect("slack")
	o.connect("mine")
	o.report("slack", "")
	o.pending["slack"] = 12
	root := o.signedIn("root")
	page := root.get("/admin/plugins").want(http.StatusOK, "Running", "1 alive", "1.3s", "<dd>12</dd>", "Not heard of", "Not connected", "Jira", `id="tile-mine"`)
	if strings.Index(page.body, "tile-slack") > strings.Index(page.body, "tile-discord") {
		t.Error("what is connected does not come first")
	}
	o.deliver(v1.DeliveryRetry, "#ops", "Slack answers 503", opening.Add(time.Minute))
	root.get("/admin/plugins").want(http.StatusOK, "Trying again", "Slack answers 503")
	root.get("/admin/plugins/slack").want(http.StatusOK, "Tried again by itself", "#ops", "Slack answers 503", "3 tries")
	o.clock.Advance(time.Minute)
	root.get("/admin/plugins").want(http.StatusOK, "Running").without("Slack answers 503")
	o.park("#db", "channel_not_found")
	root.get("/admin/plugins").want(http.StatusOK, "Needs a look", "channel_not_found")
	o.report("slack", "the token is wrong")
	root.get("/admin/plugins").want(http.StatusOK, "Not ready", "the token is wrong").without("channel_not_found")
	o.replicas["slack"][0].Alive = false
	root.get("/admin/plugins").want(http.StatusOK, "Silent", "0 of 1 alive")
}

func TestPluginPage(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	root.get("/admin/plugins/slack").leads("/admin/plugins/slack/connect")
	root.get("/admin/plugins/Not%20A%20Plugin").want(http.StatusNotFound)
	o.connect("slack")
	root.get("/admin/plugins/slack").want(http.StatusOK, "No replica has reported", "None. What fails for good")
	o.report("slack", "the token is wrong")
	root.get("/admin/plugins/slack").want(http.StatusOK, "slack-1", "not ready", "the token is wrong", "v1.2.3", "7 posted")
}

func TestParkedDeliveries(t *testing.T) {
	o := openAdmin(t)
	o.connect("slack")
	first, second, third := o.park("#db", "channel_not_found"), o.park("#web", "is_archived"), o.park("#ops", "is_archived")
	root := o.signedIn("root")
	const page = "/admin/plugins/slack"
	root.get(page).want(http.StatusOK, "#db", "channel_not_found", "3 tries", "Try all again")
	root.post(page+"/deliveries/"+url.PathEscape(first)+"/retry", nil).leads(page)
	root.get(page).want(http.StatusOK, "1 delivery is tried again.", "#web").without("#db")
	root.post(page+"/deliveries/"+url.PathEscape(first)+"/retry", nil).leads(page)
	root.get(page).want(http.StatusOK, "has no parked delivery")
	root.post(page+"/deliveries/"+url.PathEscape(second)+"/drop", nil).leads(page)
	root.get(page).want(http.StatusOK, "The delivery is given up.", "#ops").without("#web", "Try all again")
	root.post(page+"/retry", nil).leads(page)
	root.get(page).want(http.StatusOK, "1 delivery is tried again.", "None. What fails for good").without(third)
	if got := o.last(3); got != "root delivery.retry web\nroot delivery.drop web\nroot delivery.retry web" {
		t.Errorf("the audit ends with %s", got)
	}
}

func TestRemovingAPlugin(t *testing.T) {
	o := openAdmin(t)
	o.connect("slack")
	root := o.signedIn("root")
	root.post("/admin/plugins/slack/remove", nil).leads("/admin/plugins")
	root.get("/admin/plugins").want(http.StatusOK, "Plugin slack is cut off").without("Not heard of")
	root.post("/admin/plugins/slack/remove", nil).leads("/admin/plugins")
	root.get("/admin/plugins").want(http.StatusOK, "There is no plugin")
}

func TestConnectingAPlugin(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	const path = "/admin/plugins/email"
	root.get(path+"/connect").want(http.StatusOK, "docs/plugins/email.md", `name="from"`, "It needs its credential first", `hx-trigger="every 3s"`)
	form := url.Values{"from": {""}, "through": {"smtp"}, "smtp.host": {"mail.example.com"}}
	root.post(path+"/configuration", form).want(http.StatusUnprocessableEntity, "Sender is missing.", `aria-invalid="true"`, `value="mail.example.com"`)
	form.Set("from", "Accede <accede@example.com>")
	root.post(path+"/configuration", form).want(http.StatusOK, "host: mail.example.com", "credential_file: email.creds", "decisions: link_only").
		without("mailgun.domain:", "password")
	form.Set("smtp.username", "accede")
	form.Set("as", "file")
	file := root.post(path+"/configuration", form).want(http.StatusOK, "username: accede", "password_file: /run/secrets/email_password")
	file.without("<html")
	if got := file.header.Get("Content-Disposition"); got != `attachment; filename="email.yaml"` {
		t.Errorf("the file comes as %q", got)
	}
	credential := root.post(path+"/credential", nil).want(http.StatusOK, "email")
	if got := credential.header.Get("Content-Disposition"); got != `attachment; filename="email.creds"` || credential.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the credential comes as %v", credential.header)
	}
	if got := o.last(1); got != "root plugin.add web" {
		t.Errorf("the audit ends with %s", got)
	}
	root.get(path+"/connect").want(http.StatusOK, "It was made", "Nothing was heard of accede-email yet")
	root.post(path+"/credential", nil).want(http.StatusConflict, "has a credential already")
	other := root.post(path+"/credential", url.Values{"replace": {"yes"}}).want(http.StatusOK)
	if other.body == credential.body {
		t.Error("the new credential is the old one")
	}
	o.report("email", "")
	root.get(path+"/connect").want(http.StatusOK, "1 alive", "See how E-mail is doing").without("every 3s")
}

func TestConnectingAPluginOfOnesOwn(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	root.get("/admin/connect?name=mine").leads("/admin/plugins/mine/connect")
	root.get("/admin/plugins/mine/connect").want(http.StatusOK, "accede-mine start --config mine.yaml").without("screen by screen")
	root.get("/admin/connect?name=Not+Mine").leads("/admin/plugins")
	root.get("/admin/plugins").want(http.StatusOK, "cannot be a plugin")
}

// A page that looks again at a part of itself is led away as a whole.
func TestLookingAgainWithoutASession(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	o.clock.Advance(2 * time.Hour)
	got := root.do(http.MethodGet, "/admin/plugins", nil, map[string]string{"HX-Request": "true"}).want(http.StatusOK)
	if got.header.Get("HX-Redirect") != "/sign-in?next=%2Fadmin%2Fplugins" || got.body != "" {
		t.Errorf("the script is sent to %q with %q", got.header.Get("HX-Redirect"), got.body)
	}
}
