// Package pagerdutysim is a local stand-in of PagerDuty: the REST API that an incident integration needs, on-call rows
// and both generations of schedules, scoped OAuth, and signed v3 webhooks with their queue, retries and disabling.
//
// It behaves like PagerDuty, not like our client: it shares no code with the plugin and must not import it. Where
// PagerDuty's documents leave a form open, the stand-in chooses one and says so beside it.
//
// Below the prefix it is mounted under there are
//
//	/incidents, /services, /users, /oncalls, /schedules, /v3/schedules, …    the REST API
//	/oauth/token                                                         PagerDuty's identity service
//	/                                                                    the product as a page: /?as=ivan, &bare=1
//
// and for tests, in JSON,
//
//	GET    /sandbox/incidents     every incident with its notes and log entries
//	GET    /sandbox/oncall        who is on call on which schedule, of which level, until when
//	PUT    /sandbox/oncall        {schedule, person, level?, until?}    puts a person on call now
//	DELETE /sandbox/oncall        {schedule?}, or ?schedule=            takes such shifts back
//	GET    /sandbox/stats         calls by operation and status
//	GET    /sandbox/deliveries    the webhooks that were sent, with what was answered
//	POST   /sandbox/act           {person, incident, do, text?}         acknowledge, resolve, note, field, workflow
//	GET    /sandbox/version       a count of changes
//	       /sandbox/faults        GET, PUT, PATCH: see standin.Faults
//	GET    /sandbox/posts, POST /sandbox/do                             see standin.ServeStage
package pagerdutysim
