// Package signin holds what every way of signing in needs, whichever door it comes through: the limits of guessing.
//
// It must not know people, sessions or HTTP: who somebody is, and whether they may, is the service's to say.
package signin
