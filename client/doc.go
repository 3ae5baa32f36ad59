// Package client is the Go client of Accede's HTTP API.
//
// It owns how the API is called: paths, retries that are safe, idempotency keys, errors as [*v1.Problem] and event
// streams that resume by themselves. It must not know anything of the core behind the API, and depends on the standard
// library only, so that outside programs can use it.
package client
