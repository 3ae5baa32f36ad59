// Package signin holds what the ways of signing in need, whichever door they come through: the limits of guessing, OpenID
// Connect, passkeys, and the hand-over of a sign-in from a browser to a program.
//
// Each way ends in proof of something: an account at a provider, a passkey, the word of somebody who is signed in. It must
// not know people or sessions: whose the proof is, and whether they may, is the service's to say. What is begun here lives
// for minutes and in memory; after a restart people begin again.
package signin
