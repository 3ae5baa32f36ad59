package v1

import "slices"

// Schedules are the on-call schedules that a request's annotations name, under any of the known spellings.
func (r Request) Schedules() []string {
	return r.annotated("accede.dev/schedules", "teleport.dev/schedules", "pagerduty_services")
}

// NotifyServices are the services of an incident tool to be told of the request.
func (r Request) NotifyServices() []string {
	return r.annotated("accede.dev/notify-services", "teleport.dev/notify-services", "pagerduty_notify_service")
}

// Teams are the teams to be told of the request.
func (r Request) Teams() []string { return r.annotated("accede.dev/teams", "teleport.dev/teams") }

func (r Request) annotated(keys ...string) []string {
	var values []string
	for _, key := range keys {
		values = append(values, r.Annotations[key]...)
	}
	slices.Sort(values)
	return slices.Compact(values)
}
