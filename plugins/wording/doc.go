// Package wording says about a request what every vendor's card and note says, in the same words, and makes texts that
// people wrote fit to stand in them. Plugins draw: they decide what stands where, and how a vendor has to be spoken to so
// that no such text becomes markup, a mention or a link.
//
// It knows no vendor. It never decides what somebody may see or do.
package wording
