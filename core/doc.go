// Package core is the domain: what a request is, who may change it and what a change does. It is pure: given roles, a
// request, a review and a time it says what happens, without I/O and without a clock of its own.
//
// Every approval, whatever door it came through, passes [Review] or [Override]. The package also names what it needs of
// the world: the [Store].
package core
