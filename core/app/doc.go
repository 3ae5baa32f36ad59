// Package app puts the core together from its parts and takes it apart again: store, broker, service, workers and HTTP.
// It is the only door through which a program runs a core.
package app
