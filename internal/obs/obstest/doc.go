// Package obstest captures logs in tests.
//
// It is for tests only. It owns a buffer that is safe to write and read at the same time; it must not judge what was
// logged.
package obstest
