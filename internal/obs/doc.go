// Package obs makes a process observable: its logger, its metrics endpoint and its health endpoints.
//
// It owns how these look from outside, the same in every process. It must not know what is logged, counted or
// checked, and keeps nothing global: each process builds its own and hands it on.
package obs
