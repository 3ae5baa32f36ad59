// Package discordsim is a local stand-in of Discord: the part of its REST API that a bot for messages and buttons needs,
// the Gateway, signed interactions over HTTP, modals and follow-up messages, with Discord's own limits, error codes, rate
// limit headers and deadlines.
//
// It behaves like Discord, not like our client: it shares no code with the plugin and must not import it. What it leaves
// out is refused or answered with 404: components of version 2, select menus other than of strings, files, reactions,
// voice, and every Gateway event but those of the connection itself and INTERACTION_CREATE.
//
// Below the prefix it is mounted under there are
//
//	/api/v9/…, /api/v10/…   the REST API
//	/gateway/               the Gateway, at the address that the API hands out
//	/                       the servers as a page: /?as=bob, with &bare=1 without its title bar
//
// and for tests, in JSON,
//
//	GET  /sandbox/messages?channel=&key=     every message with its edits and whether it was deleted
//	GET  /sandbox/ephemerals?user=           what only one person sees
//	GET  /sandbox/modals?user=               open forms
//	GET  /sandbox/connections                sessions of the Gateway
//	GET  /sandbox/stats                      accepted posts, also by delivery key, calls by operation and error, refusals
//	                                         that count towards a ban
//	GET  /sandbox/results                    what came of the last clicks
//	GET  /sandbox/version, /sandbox/wait?version=N    a count of changes, at once or as soon as it exceeds N
//	     /sandbox/faults                     GET, PUT, PATCH: see standin.Faults
//	POST /sandbox/click       {user, channel, message, custom_id}       see Click; answers a Result
//	POST /sandbox/submit      {user, values}                            see Submission; answers a Result
//	POST /sandbox/close       {user}                                    dismisses the form
//	POST /sandbox/forge       {kind, payload?}                          see Forgery; answers a Result
//	POST /sandbox/probe       {}                                        looks whether the callback address verifies signatures
//	POST /sandbox/disconnect  {kind}                                    see Disconnect
package discordsim
