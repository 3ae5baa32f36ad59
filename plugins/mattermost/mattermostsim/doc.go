// Package mattermostsim is a local stand-in of a Mattermost server: the REST calls a bot needs, interactive buttons and
// dialogs with the server's signed trigger ids, ephemeral posts, threads, and Mattermost's own limits and error ids.
//
// It behaves like Mattermost, not like our client: it shares no code with the plugin and must not import it. Callbacks go
// to the configured callback address and nowhere else; any other address is refused as a server refuses private ones.
//
// Below the prefix it is mounted under there are
//
//	/api/v4/…             the REST API
//	/                     the server as a page: /?as=bob, with &bare=1 without its title bar
//
// and for tests, in JSON,
//
//	GET  /sandbox/messages?channel=&key=     every post with its props, edits and whether it was deleted
//	GET  /sandbox/ephemerals?user=           what only one person sees
//	GET  /sandbox/dialogs?user=              open dialogs
//	GET  /sandbox/stats?keys=false           accepted posts, also by delivery key, and calls by operation and error
//	GET  /sandbox/results                    what came of the last clicks
//	GET  /sandbox/version, /sandbox/wait?version=N    a count of changes, at once or as soon as it exceeds N
//	     /sandbox/faults                     GET, PUT, PATCH: see standin.Faults
//	     /sandbox/server                     GET, PATCH: see Server
//	POST /sandbox/click       {user, post, action}               see Click; answers a Result
//	POST /sandbox/submit      {user, values, cancel?}            see Submission; answers a Result
//	POST /sandbox/forge       {kind, user?, body?}               see Forgery; answers a Result
package mattermostsim
