// Command newplugin writes the folder of a new plugin: a small one that works, posts cards to a webhook and passes the
// conformance suite. Run it in the root of the repository:
//
//	go run ./cmd/newplugin zulip
//
// It writes plugins/NAME only, refuses to touch a folder that exists, and prints the line to add to plugins/catalog.
package main
