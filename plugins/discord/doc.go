// Package discord brings requests into Discord: a card per request with Approve and Deny, a reply per review, a direct
// message to the requester, and private answers to whoever clicked.
//
// It owns the translation between the plugin contract and Discord: how a card looks, which of Discord's codes means what,
// which clicks are heard at all, and how a click is proven to come from Discord. Clicks arrive over the Gateway, a
// connection that the plugin opens, or as signed HTTP callbacks. It never decides whether somebody may approve, never
// retries, and keeps nothing but short caches.
//
// Everything that people wrote is escaped before it goes into a message, so that Discord shows it as it is, and no message
// may mention anybody. Only api.go, layout.go and the modal know the client library, discordgo. It serves for requests
// alone: it waits for rate limits without looking at the context, so limits.go does that instead, and its Gateway hides
// why a connection was closed, so gateway.go speaks that protocol itself.
package discord
