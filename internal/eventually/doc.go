// Package eventually lets a test wait for something that another goroutine or process does, without sleeping a
// guessed time.
//
// It is for tests only and must not be imported by production code. Where a channel says that the thing happened,
// wait on the channel instead.
package eventually
