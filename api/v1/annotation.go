package v1

import "slices"

// Schedules are the on-call schedules at a plugin's vendor that a request's annotations name, under any of the known
// spellings.
func (r Request) Schedules(plugin string) []string {
	return r.annotated(plugin, "schedules", "pagerduty_services")
}

// NotifyServices are the services of a plugin's vendor to be told of the request.
func (r Request) NotifyServices(plugin string) []string {
	return r.annotated(plugin, "notify-services", "pagerduty_notify_service")
}

// annotated returns the values under the keys for every plugin, those for this one, and the old one of PagerDuty's.
func (r Request) annotated(plugin, name, pagerDuty string) []string {
	keys := []string{"accede.dev/" + name, "teleport.dev/" + name, "accede.dev/" + plugin + "-" + name}
	if plugin == "pagerduty" && pagerDuty != "" {
		keys = append(keys, pagerDuty)
	}
	var values []string
	for _, key := range keys {
		values = append(values, r.Annotations[key]...)
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// Teams are the teams at a plugin's vendor to be told of the request.
func (r Request) Teams(plugin string) []string { return r.annotated(plugin, "teams", "") }

// Sensitive says whether a request is marked as sensitive, and why if its annotation says more than that it is.
func (r Request) Sensitive() (why []string, marked bool) {
	for _, value := range r.Annotations["accede.dev/sensitive"] {
		switch value {
		case "false", "no":
			continue
		case "true", "yes", "":
		default:
			why = append(why, value)
		}
		marked = true
	}
	return why, marked
}
