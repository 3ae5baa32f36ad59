// Package assets holds the files that pages load and serves them: one style sheet, a few small scripts, the icon, and htmx
// (Zero-Clause BSD, see htmx.LICENSE). Nothing of them is ever loaded from elsewhere.
//
// It must not know pages. A file's address holds a digest of its content, so that browsers keep it until it changes.
package assets
