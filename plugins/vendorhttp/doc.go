// Package vendorhttp is the HTTP client that plugins use: bounded in time and size, always drained and closed, without
// redirects to other hosts and without retries of its own. It also says which [plugins.Kind] a failure is, reads
// Retry-After, and takes secrets out of error texts.
//
// It must not know any vendor, and it never decides to try again: that is the host's.
package vendorhttp
