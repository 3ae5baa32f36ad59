// Package slack brings requests into a Slack workspace: a card per request with Approve and Deny, a reply per review,
// a message to the requester, and private answers to whoever clicked.
//
// It owns the translation between the plugin contract and Slack: how a card looks, which Slack error means what, who of
// a workspace may click at all, and how a click is proven to come from Slack. Clicks arrive over Socket Mode (see
// [Config]) or as signed HTTP callbacks. It never decides whether somebody may approve, never retries, and keeps
// nothing but short caches.
//
// Text that people wrote reaches Slack only inside plain_text objects, which Slack does not interpret; everything in a
// mrkdwn object is our own. Only api.go, errors.go and socket.go know the client library.
package slack
