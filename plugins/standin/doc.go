// Package standin holds what the local stand-ins of all vendors share: their options, the fault switches and the gate
// that applies them, a seeded dice so that runs repeat, a rate limiter, the courier that posts callbacks, a change
// counter for pages that follow along, and the frame those pages are drawn in.
//
// It knows no vendor and no plugin. It never speaks to anything but the callback address it was given.
package standin
