// Package archtest checks the promises that the source tree makes about itself: who may import whom, that the domain
// is pure, that every package says what it owns, that tests neither sleep nor skip, and that every dependency has a
// written reason.
//
// It owns the table of import rules (rules.go) and reads the sources itself, because the answers of `go list` are
// cached by `go test` and stay green after a violation. It must not judge style, which is the linter's work. Every
// finding says how to mend it.
package archtest
