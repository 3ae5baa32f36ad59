// Package pages looks at the core's pages as people do, in a real browser over real processes: by clicks, without
// scripts, on a narrow screen, in the dark, and with the eyes of axe-core.
//
// `make browser` gets what it needs. ACCEDE_BROWSER names another browser than the first Chromium in PATH.
package pages
