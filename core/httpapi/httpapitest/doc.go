// Package httpapitest is a small core in memory, for tests of what stands in front of the core: the HTTP API, its client
// and the command line.
//
// It decides requests with the real domain rules and keeps everything else as simply as the interfaces of httpapi allow.
// It must not be used outside tests: it stores nothing and hashes nothing.
package httpapitest
