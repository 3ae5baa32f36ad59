// Package jira shows each request as an issue in a Jira project, on Cloud and on Data Center. Whoever moves the issue to
// the status for approved or denied has reviewed the request; comments tell what became of it, and the status
// follows the request.
//
// It owns the translation between the plugin contract and Jira: how an issue looks in Cloud's document format and in Data
// Center's wiki markup, which answer of Jira's means what, and whose move counts as a person's word at all. A webhook is
// only a hint: what happened is read from the issue's own changelog, which polling reads too, so that both make the same
// decision of the same move. It never decides whether somebody may approve.
//
// Text that people wrote reaches Jira only as text nodes or escaped. Only api.go knows the client library.
package jira
