// Package ui holds what the pages are made of: the layout, its components, and how times, durations and fingerprints are
// written. Components take plain values and draw them; text from people goes in as text and is never markup.
//
// It must not know requests, people's rights, sessions or HTTP. `go generate ./core/web` turns
// the .templ files into Go.
package ui
