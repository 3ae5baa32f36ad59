// Package servicenowsim is a local stand-in of a ServiceNow instance: the Table API with encoded queries, approvals, journal
// fields, the on-call calendar, OAuth tokens and hourly rate limits, with ServiceNow's own error bodies and oddities.
//
// It behaves like ServiceNow, not like our client: it shares no code with the plugin and must not import it.
//
// Below the prefix it is mounted under there are
//
//	/oauth_token.do                          tokens by client credentials, valid for 30 minutes
//	/api/now/v2/table/{table}[/{sys_id}]     the Table API; /api/now/v1/… and /api/now/… behave like version 1
//	/api/now/on_call_rota/whoisoncall        who is on call
//	/                                        the instance as a page: /?as=ivan, with &bare=1 without its title bar
//
// and for tests, in JSON,
//
//	GET    /sandbox/posts, POST /sandbox/do        see standin.Stage
//	GET    /sandbox/records                        every record of the requests' table, as stored
//	GET    /sandbox/stats                          calls by operation and status, and records by correlation id
//	GET    /sandbox/version, /sandbox/wait?version=N    a count of changes, at once or as soon as it exceeds N
//	       /sandbox/faults                         GET, PUT, PATCH: see standin.Faults
//	       /sandbox/quirks                         GET, PUT: see Quirks
//	PUT    /sandbox/oncall {schedule, person, level}    puts somebody on call now
//	DELETE /sandbox/oncall                         goes back to the rotas as configured
//	POST   /sandbox/forge {kind}                   see Forgery; answers the plugin's status
package servicenowsim
