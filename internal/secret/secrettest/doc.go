// Package secrettest checks that output does not contain secrets.
//
// It is for tests only. It owns the search for a secret in the shapes in which one leaks; it must not know where the
// output came from.
package secrettest
