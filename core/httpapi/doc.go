// Package httpapi serves the core's HTTP API and the OpenAPI document that describes it.
//
// It owns routes, sign-in by bearer token, problem documents, idempotency keys, event streams and the limits of all
// these. It must not decide anything about requests, people or roles: each route is one call into the service, whose
// interfaces it names in service.go. Health, metrics and pages are mounted beside it by the app.
//
// A request passes, from the outside in: an id and the access log; recovery from panics; the route (404 and 405 end
// here, so that nobody needs to sign in to learn of a typo); sign-in, before any of the body is read; the body with its
// limit and type; the idempotency key; and then the operation, which checks its input against the OpenAPI document.
package httpapi
