// Package clock says what time it is, so that code which compares times can be tested without waiting.
//
// It owns the one-method Clock, the system clock and a settable clock for tests. It must not grow timers or
// tickers: code that waits uses the standard library's timers, and its tests run inside testing/synctest.
package clock
