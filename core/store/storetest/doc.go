// Package storetest checks that a store keeps the promises of [core.Store], [core.Reader] and [core.Tx]. Every store runs
// the same suite; what depends on files or processes is tested beside the store itself.
package storetest
