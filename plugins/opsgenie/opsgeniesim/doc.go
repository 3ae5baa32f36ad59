// Package opsgeniesim is a local stand-in of Opsgenie and of Jira Service Management Operations: one account that both
// interfaces show, with alerts whose changes are accepted first and done later, notes and logs, on-call schedules with
// rotations, overrides and escalations, and unsigned webhooks.
//
// It behaves like the vendor, not like our client: it shares no code with the plugin and must not import it. Where the
// vendor's documents leave a form open, the stand-in chooses one and says so beside it.
//
// Below the prefix it is mounted under there are
//
//	/v2/…                          Opsgenie's API in the US; keys of the EU are refused
//	/eu/v2/…                       the same in the EU, the other way round
//	/jsm/ops/api/{cloud id}/v1/…   Jira Service Management Operations
//	/jsm/ops/integration/v2/alerts its integration events, which take keys of an integration only
//	/rest/api/3/user…, /_edge/…    the part of Jira where people are looked up
//	/                              the product as a page: /?as=ivan, &bare=1
//
// and for tests, in JSON,
//
//	GET    /sandbox/alerts        every alert with its notes and its log
//	GET    /sandbox/oncall        who is on call on which schedule, at which level, until when
//	PUT    /sandbox/oncall        {schedule, person, level?, until?}    puts a person on call now
//	DELETE /sandbox/oncall        {schedule?}, or ?schedule=            takes such shifts back
//	GET    /sandbox/stats         calls by operation and status
//	GET    /sandbox/deliveries    the webhooks that were sent, with what was answered
//	POST   /sandbox/act           {person, alert, do, text?, channel?}  acknowledge, close, note, or press a button
//	GET    /sandbox/version       a count of changes
//	       /sandbox/faults        GET, PUT, PATCH: see standin.Faults
//	GET    /sandbox/posts, POST /sandbox/do                             see standin.ServeStage
package opsgeniesim
