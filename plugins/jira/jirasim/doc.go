// Package jirasim is a Jira that lives in this process, for the sandbox and for tests: a site of Cloud or an instance of
// Data Center, with its REST API, signed webhooks, and a board whose cards people can drag.
//
// It behaves like Jira and not like the plugin: it authenticates as the edition does, checks permissions, workflow,
// documents and JQL, lets its search lag behind, pages with small limits of its own, hides e-mail addresses, and tells
// Cloud's history newest first and Data Center's oldest first. It must not know the plugin.
package jirasim
