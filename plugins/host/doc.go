// Package host runs one plugin: it reads the configuration, takes events from the broker, works out where each request
// belongs, keeps the delivery ledger, retries, pauses and parks, carries decisions to the core, and shows health and
// metrics. A plugin's main is one call of [Main].
//
// It must not know any vendor, and decides nothing about who may approve. Nothing is kept on disk: any replica may die
// at any moment, and another one, or a later start, finishes what it had begun.
//
// An event says "request R is now at version V, and this is all of it". The host converges: it computes which
// destinations should show R and brings each of them to V. Changing a card may be repeated, skipped or reordered;
// creating one is guarded by a claim in the core's ledger, by a key that goes into the message, and by a look-up of that
// key before any repeat. A vendor whose plugin cannot look up may show a card twice after a crash or a lost answer;
// accede_plugin_blind_reposts_total counts how often that was risked.
package host
