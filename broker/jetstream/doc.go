// Package jetstream speaks NATS JetStream for Accede's processes. It owns connecting, reconnecting, publishing with
// confirmation, taking messages from durable consumers, calls, and turning the product's errors into those of package
// broker. It is the only importer of nats.go.
//
// It must not know what messages mean, choose subjects (package broker does), or keep anything that a restart would miss.
package jetstream
