// Package httpx runs an HTTP server the way every process here does, reads JSON bodies strictly, and says who calls behind
// trusted proxies.
//
// It owns the limits of a server (time, size), its orderly stop, and the health probe that a container without a
// shell can run. It must not know routes, sign-in or problem documents, and holds no client for other people's APIs.
package httpx
