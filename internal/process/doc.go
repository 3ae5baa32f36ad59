// Package process holds what every main shares: how it gets its surroundings, how signals end it, and how the parts
// of a running process stop in order.
//
// It must not know any part. A main is `os.Exit(process.Main(run))`, and run receives everything it may touch.
package process
