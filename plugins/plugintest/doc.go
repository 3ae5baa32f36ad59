// Package plugintest is the conformance suite that every plugin runs against its vendor's stand-in. It drives the plugin
// alone and inside the real host with a core in memory, and puts faults between the plugin and the stand-in: lost
// answers, refusals of every status, silence.
//
// It is for tests only and knows no vendor: a plugin's test describes its stand-in as a [Vendor] and calls [Run].
package plugintest
