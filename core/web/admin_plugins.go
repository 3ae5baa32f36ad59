package web

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core/web/enrol"
	"github.com/accede/accede/core/web/ui"
)

func (s *site) adminPluginRoutes() {
	s.admin("GET "+pluginsPath, showPlugins)
	s.admin("GET "+pluginsPath+"/{name}", showPlugin)
	s.admin("POST "+pluginsPath+"/{name}/retry", retryAll)
	s.admin("POST "+pluginsPath+"/{name}/deliveries/{id}/retry", retryDelivery)
	s.admin("POST "+pluginsPath+"/{name}/deliveries/{id}/drop", dropDelivery)
	s.admin("POST "+pluginsPath+"/{name}/remove", removePlugin)
	s.enrolRoutes()
}

// pluginView is a plugin that can be connected, and how it is doing if it is.
type pluginView struct {
	enrol.Vendor
	// status is nil for a plugin that is not registered.
	status *v1.PluginStatus
	clock  ui.Clock
}

func (p pluginView) path() string { return pluginsPath + "/" + p.Name }

func (p pluginView) deliveryPath(id string) string {
	return p.path() + "/deliveries/" + url.PathEscape(id)
}

// pluginViews joins the vendors with what is registered: first what is, then what could be.
func pluginViews(statuses []v1.PluginStatus, clock ui.Clock) []pluginView {
	var connected, others []pluginView
	for i := range statuses {
		vendor, _ := enrol.Find(statuses[i].Name)
		connected = append(connected, pluginView{vendor, &statuses[i], clock})
	}
	for _, vendor := range enrol.Vendors() {
		if !slices.ContainsFunc(statuses, func(s v1.PluginStatus) bool { return s.Name == vendor.Name }) {
			others = append(others, pluginView{vendor, nil, clock})
		}
	}
	return append(connected, others...)
}

func showPlugins(v *visit) error {
	statuses, err := v.Service.Plugins(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(screen{
		title: "Plugins", content: pluginsPage(pluginViews(statuses, v.clock())), scripts: []string{htmxScript},
	})
}

// htmxScript looks again at what changes by itself.
const htmxScript = "htmx.min.js"

// readPlugin is the plugin that the address names, whether it is registered or not.
func (v *visit) readPlugin() (pluginView, error) {
	name := v.r.PathValue("name")
	if !broker.ValidPluginName(name) {
		return pluginView{}, errNoPage
	}
	statuses, err := v.Service.Plugins(v.ctx(), v.actor)
	if err != nil {
		return pluginView{}, err
	}
	vendor, _ := enrol.Find(name)
	view := pluginView{Vendor: vendor, clock: v.clock()}
	if at := slices.IndexFunc(statuses, func(s v1.PluginStatus) bool { return s.Name == name }); at >= 0 {
		view.status = &statuses[at]
	}
	return view, nil
}

func showPlugin(v *visit) error {
	view, err := v.readPlugin()
	if err != nil {
		return err
	}
	if view.status == nil {
		return v.redirect(view.path() + "/connect")
	}
	return v.render(screen{title: view.Title, content: pluginPage(view), scripts: []string{htmxScript}})
}

// pluginPath is the page of the plugin that the address names.
func (v *visit) pluginPath() string { return pluginsPath + "/" + url.PathEscape(v.r.PathValue("name")) }

func retryAll(v *visit) error { return v.retry("") }

func retryDelivery(v *visit) error { return v.retry(v.r.PathValue("id")) }

func (v *visit) retry(id string) error {
	count, err := v.Service.RetryDeliveries(v.ctx(), v.actor, v.r.PathValue("name"), id)
	return v.done(v.pluginPath(), countOf(count, "delivery is", "deliveries are")+" tried again.", err)
}

func dropDelivery(v *visit) error {
	err := v.Service.DropDelivery(v.ctx(), v.actor, v.r.PathValue("name"), v.r.PathValue("id"))
	return v.done(v.pluginPath(), "The delivery is given up.", err)
}

func removePlugin(v *visit) error {
	name := v.r.PathValue("name")
	err := v.Service.RemovePlugin(v.ctx(), v.actor, name)
	return v.done(pluginsPath, "Plugin "+name+" is cut off; its credential is worth nothing any more.", err)
}

// countOf writes how many there are of something.
func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// alive are the replicas that were heard just now.
func (p pluginView) alive() (alive []v1.Replica) {
	if p.status == nil {
		return nil
	}
	for _, replica := range p.status.Replicas {
		if replica.Alive {
			alive = append(alive, replica)
		}
	}
	return alive
}

// state says in a word or two how the plugin is doing.
func (p pluginView) state() (ui.Tone, string) {
	alive := p.alive()
	switch {
	case p.status == nil:
		return ui.Plain, "Not connected"
	case slices.ContainsFunc(alive, func(r v1.Replica) bool { return r.Problem != "" }):
		return ui.Bad, "Not ready"
	case len(alive) > 0 && len(p.status.Parked) > 0:
		return ui.Wait, "Needs a look"
	case len(alive) > 0 && p.lastFailure() != "":
		return ui.Wait, "Trying again"
	case len(alive) > 0:
		return ui.Good, "Running"
	case len(p.status.Replicas) > 0:
		return ui.Bad, "Silent"
	default:
		return ui.Wait, "Not heard of"
	}
}

func (p pluginView) tone() ui.Tone {
	tone, _ := p.state()
	return tone
}

func (p pluginView) word() string {
	_, word := p.state()
	return word
}

// replicas counts those alive.
func (p pluginView) replicas() string {
	alive, all := len(p.alive()), len(p.status.Replicas)
	if all == alive {
		return fmt.Sprintf("%d alive", alive)
	}
	return fmt.Sprintf("%d of %d alive", alive, all)
}

// lag is the longest that a replica which is alive took to hear of an event.
func (p pluginView) lag() string {
	alive := p.alive()
	if len(alive) == 0 {
		return "–"
	}
	slowest := slices.MaxFunc(alive, func(a, b v1.Replica) int { return int(a.LagMillis - b.LagMillis) })
	return lagText(slowest.LagMillis)
}

func lagText(millis int64) string {
	span := time.Duration(millis) * time.Millisecond
	if span < time.Second {
		return fmt.Sprintf("%d ms", millis)
	}
	return span.Round(100 * time.Millisecond).String()
}

// trouble is what was wrong last, if anything.
func (p pluginView) trouble() string {
	for _, replica := range p.alive() {
		if replica.Problem != "" {
			return replica.Problem
		}
	}
	if p.status == nil {
		return ""
	}
	if failure := p.lastFailure(); failure != "" || len(p.status.Parked) == 0 {
		return failure
	}
	return p.status.Parked[len(p.status.Parked)-1].LastError
}

// lastFailure is why the last listed of the deliveries that are tried again failed; empty if none has failed. A delivery that an
// administrator has just let be tried again waits with them, and its old error says nothing of now.
func (p pluginView) lastFailure() string {
	failing := p.failing()
	if len(failing) == 0 {
		return ""
	}
	return failing[len(failing)-1].LastError
}

// failing are deliveries that failed and wait to be tried again.
func (p pluginView) failing() (failing []v1.Delivery) {
	for _, delivery := range p.status.Failing {
		if delivery.LastError != "" && delivery.NextTry.After(p.clock.Now) {
			failing = append(failing, delivery)
		}
	}
	return failing
}

// replicaState says how a replica is doing.
func replicaState(r v1.Replica) (ui.Tone, string) {
	switch {
	case !r.Alive:
		return ui.Bad, "silent"
	case r.Problem != "":
		return ui.Bad, "not ready"
	default:
		return ui.Good, "alive"
	}
}

func replicaTone(r v1.Replica) ui.Tone {
	tone, _ := replicaState(r)
	return tone
}

func replicaWord(r v1.Replica) string {
	_, word := replicaState(r)
	return word
}

// parkedTitle says where a delivery did not arrive.
func parkedTitle(d v1.Delivery) string {
	if d.DestinationName != "" {
		return d.DestinationName
	}
	return d.Destination
}

// slotWord says what was to be delivered.
func slotWord(slot string) string {
	switch slot {
	case v1.SlotCard:
		return "card"
	case v1.SlotOutcome:
		return "outcome for the requester"
	case v1.SlotAccessStarted:
		return "message that access has begun"
	case v1.SlotAccessEnding:
		return "message that access ends soon"
	case v1.SlotOnCall:
		return "look at who is on call"
	default:
		return slot
	}
}

// shownParked is how many parked deliveries the service lists at most.
const shownParked = 100

func parkedCount(status v1.PluginStatus) string {
	if len(status.Parked) >= shownParked {
		return fmt.Sprintf("%d or more", shownParked)
	}
	return fmt.Sprint(len(status.Parked))
}
