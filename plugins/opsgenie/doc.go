// Package opsgenie brings requests into Opsgenie, or into Jira Service Management Operations, which succeeds it: an alert
// per request for the team that the request names, a note per review, and a closed alert once the request has ended. It
// also says who is on call.
//
// It owns the translation between the plugin contract and the two services: how an alert reads, what became of a call that
// was only accepted, what a refusal means, who of a schedule's people is called first, and what in an alert's log is a
// decision. The two services share most of their interface; where they differ is the business of a [dialect].
//
// By default nobody can decide inside the alert: it carries a link to the core. With custom_actions, buttons of the alert
// decide. Who pressed one is known only as text that any holder of an API key can write, so the text counts for nothing
// unless it names exactly one account. A webhook is a hint; what happened is read back from the alert's log, as polling does.
//
// It never decides whether somebody may approve, never repeats what makes something new, and keeps nothing but a memory of
// which alerts changed.
package opsgenie
