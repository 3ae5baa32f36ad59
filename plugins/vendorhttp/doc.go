// Package vendorhttp is the HTTP client that plugins use: bounded in time and size, always drained and closed, without
// redirects to other hosts and without retries of its own. It also says which [plugins.Kind] a failure is, reads
// Retry-After, and takes secrets out of error texts.
//
// [Patient] adds what one credential needs at a vendor with rate limits: a limiter, short waits, and sending again what
// cannot be done twice by it. Long waits, and trying again what may have been done, are the host's. It must not know any
// vendor.
package vendorhttp
