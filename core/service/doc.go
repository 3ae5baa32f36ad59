// Package service holds the core's use cases: asking, reviewing, withdrawing, overriding; people, roles, tokens, links
// and plugins; and the work that goes on by itself: the outbox relay, the delivery ledger, the action inbox and the
// deadlines. It turns what a caller wants into one transaction on the store around one call into the domain; it decides
// nothing itself.
package service
