// Package brokertest is for tests only. It owns a broker that a test can start, stop, wipe and connect plugins to, and
// one conformance suite that every broker must pass.
//
// It must not be imported by production code.
package brokertest
