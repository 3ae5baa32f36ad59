// Package servicenow brings requests into a ServiceNow instance: a record per request in a table of the operator's choice,
// work notes for reviews, approvals as decisions, and the on-call calendar.
//
// It owns the translation between the plugin contract and ServiceNow: how a record reads, which field carries the
// delivery's key (correlation_id) and which the request it is about (correlation_display), what a refusal means, and when an
// approval counts: only a row of sysapproval_approver that says approved or rejected, on a record of ours, changed last
// by the approver themselves. A webhook is a hint to look; polling is the normal way. It never decides whether somebody may
// approve, and keeps nothing but short caches.
//
// ServiceNow leaves clauses of a query out that it does not understand, and fields that it does not know, without a word.
// So every row is compared with what was asked for before it is used, and nothing but ids, checked names and times of ours
// goes into a query.
package servicenow
