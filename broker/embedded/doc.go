// Package embedded runs a NATS JetStream server inside the core. It owns starting and stopping the server, who may
// connect, and what each plugin may do: every plugin lives in an account of its own, into which only its own subjects
// are imported. It is the only importer of nats-server.
//
// It must not know what messages mean or create streams, and it keeps nothing but the server's directory, which may be
// lost at any time without harm.
package embedded
