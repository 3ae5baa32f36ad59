// Package catalog is the one list of plugins and of the stand-ins of their vendors. A new plugin is one line here.
//
// It is for the sandbox, the documentation and tests across plugins. A plugin's own binary does not import it: that
// would put all vendors, and their stand-ins, into every one of them.
package catalog
