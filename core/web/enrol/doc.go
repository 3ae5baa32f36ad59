// Package enrol holds what the pages know of the vendors: what they are called, what there is to do at each before a
// plugin can connect, what a plugin's configuration needs to be told, and how the answers become a file.
//
// It must not know plugins, sessions or HTTP, and never sees a secret: files name where secrets are. The list is held equal
// to the catalog of plugins, and the files to what the plugins take, by test/docs.
package enrol
