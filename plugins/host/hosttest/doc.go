// Package hosttest holds a core, a broker and a vendor in memory, for tests of the host and of plugins.
//
// It is for tests only. Core keeps the delivery ledger as the real core does: leases, fencing, pauses, parked rows; its
// broker delivers at least once. Every connection can be cut off, and every call lost before or after it had its effect,
// so that a test can kill a replica at any point. Times are the process's own, so that it works inside testing/synctest.
package hosttest
