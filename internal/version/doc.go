// Package version says which build is running.
//
// It owns one string, set by the linker when a release or `make build` builds a binary and read from the build
// information that Go itself records otherwise. It must not hold anything else.
package version
