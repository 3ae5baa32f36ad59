// Command acceded runs the core of Accede: the request service, its store, its broker and its HTTP API.
package main
