// Package sqlite keeps the core's records in one SQLite file. It owns the data directory's lock, the schema and every SQL
// statement on it; it decides nothing about what the records mean.
//
// One goroutine writes. It takes every waiting update at once and commits them together, so one wait for the disk serves
// many callers; an update that fails is taken back alone. Reads run beside it on connections of their own, each on one snapshot. A commit
// is on disk when the call returns: the write-ahead log is synchronised at every commit.
package sqlite
