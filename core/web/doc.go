// Package web holds the pages that a browser sees. So far it is the page that a card's link opens: it tells the reader
// how to look at the request and decide by command line. It shows nothing of the request itself and decides nothing.
package web
