// Package slacksim is a local stand-in of Slack: the Web API methods a bot needs, Socket Mode, signed interactivity,
// modals and response URLs, with Slack's own limits, error codes and deadlines.
//
// It behaves like Slack, not like our client: it shares no code with the plugin and must not import it.
//
// Below the prefix it is mounted under there are
//
//	/api/<method>         the Web API
//	/link/, /actions/…    Socket Mode and response URLs, at addresses that the API and the payloads hand out
//	/                     the workspace as a page: /?as=bob, with &bare=1 without its title bar
//
// and for tests, in JSON,
//
//	GET  /sandbox/messages?channel=&key=     every message with its metadata, edits and whether it was deleted
//	GET  /sandbox/ephemerals?user=           what only one person sees
//	GET  /sandbox/views?user=                open modals
//	GET  /sandbox/connections                open sockets
//	GET  /sandbox/stats?keys=false           accepted posts, also by delivery key, and calls by method and error
//	GET  /sandbox/results                    what came of the last clicks
//	GET  /sandbox/version, /sandbox/wait?version=N    a count of changes, at once or as soon as it exceeds N
//	     /sandbox/faults                     GET, PUT, PATCH: see standin.Faults
//	POST /sandbox/click       {user, channel, ts, action_id, value?}    see Click; answers a Result
//	POST /sandbox/submit      {user, view_id?, values}                  see Submission; answers a Result
//	POST /sandbox/close       {user}                                    dismisses the modal on top
//	POST /sandbox/forge       {kind, payload?}                          see Forgery; answers a Result
//	POST /sandbox/disconnect  {reason?, hard?}                          asks sockets to reconnect, or drops them
package slacksim
