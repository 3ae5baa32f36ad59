// Package broker says how Accede's processes talk to each other: subjects, streams and consumers as data, credentials,
// and the small interfaces that publishers and subscribers rely on. It knows no broker product; broker/jetstream speaks
// NATS JetStream and broker/embedded runs a server inside the core.
//
// The broker may lose everything at any time without harm: truth is in the core's store, and what was lost is published
// again.
package broker
