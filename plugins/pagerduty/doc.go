// Package pagerduty brings requests into PagerDuty: an incident per request in the service that the request's annotation
// names, a note per review, and a resolved incident once the request has ended. It also says who is on call.
//
// It owns the translation between the plugin contract and PagerDuty: how an incident reads, which error means what, what
// in an incident's history is a decision, and what a row of the on-call list says. By default nobody can decide in
// PagerDuty; the incident carries a link to the core. With decide_by a workflow, a custom field or a note of its own
// decides; see [Config]. Acknowledging and resolving never do.
//
// A webhook is only a hint that something happened. What happened, and who did it, is read back from PagerDuty with the
// plugin's own credentials, on the same way as polling reads it, so that both find the same decision under the same id.
//
// It never decides whether somebody may approve, never retries a decision, and keeps nothing but short caches. Only wire.go,
// api.go and the files that call it know the client library.
package pagerduty
