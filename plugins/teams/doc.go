// Package teams brings requests into Microsoft Teams: a card per request with Approve and Deny, a reply per review, a
// message to the requester, and private answers to whoever clicked.
//
// It owns the translation between the plugin contract and Teams: how a card looks as an Adaptive Card, which error of the
// Bot Connector means what, how a callback is proven to come from the Bot Framework (see verify.go), which accounts may
// click at all, and where a person can be written to. It never decides whether somebody may approve, never repeats a
// post, and keeps nothing but short caches: what it learns for good goes into the notebook of the core.
//
// Text that people wrote reaches Teams only inside TextRun objects, which know no markup; everything in a TextBlock is our
// own. Teams has no idempotency key and does not let a bot read back what it has posted, so a post whose answer was lost
// may be made twice, once each. Such a twin is recognised by the delivery key in its buttons and put aside when anybody
// looks at it or clicks it.
package teams
