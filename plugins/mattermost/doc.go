// Package mattermost brings requests into a Mattermost server: a card per request with Approve and Deny, a reply per
// review, a message to the requester, and private answers to whoever clicked.
//
// It owns the translation between the plugin contract and Mattermost: how a card looks, which Mattermost error means
// what, who of a server may click at all, and how a click is proven. Mattermost does not sign its callbacks. Two things
// together prove one: the button's context, sealed by us, says what was decided, and the trigger id, signed by the
// server, says who clicked. It never decides whether somebody may approve, never retries, and keeps nothing but short
// caches.
//
// Text that people wrote reaches Mattermost only inside code spans, in which nothing is a mention, a link or markup. Only
// api.go, errors.go and errorids.go know the REST API.
package mattermost
