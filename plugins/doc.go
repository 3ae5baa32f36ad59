// Package plugins is the contract between Accede and a vendor's plugin, and the first thing a plugin's author reads.
//
// A plugin implements [Notifier] and whichever of the optional capabilities its vendor can do: [Updater], [Replier],
// [Finder], [Resolver], [Answerer], [Receiver], [Listener], [Poller], [OnCaller], [Checker], [Closer]. The host finds them by type assertion,
// once, on the value that Open returned. A capability a vendor lacks is left out; nothing answers "unsupported".
//
// The host (package plugins/host) consumes events, keeps the delivery ledger, retries, pauses and parks, carries
// decisions to the core and tells people their result. A plugin translates between the host's terms and one vendor's
// API: it never sleeps, retries, acknowledges or exits, and it never decides who may approve. It reports what went
// wrong as an [Error] of the right [Kind]; the host does the rest.
package plugins
