// Package web serves the pages that a browser sees, and signs browsers in.
//
// It owns the addresses of pages, the session's cookie, the headers that keep other sites out, and what the pages say. It
// decides nothing about requests, people or roles: each form is one call into the service, the same that the API makes, and
// what the service refuses is shown as its sentence. Package ui below it draws; package assets holds what pages load.
//
// A request passes, from the outside in: an id and the access log; recovery from panics; security headers; the refusal of
// what other sites send; the route; the session (without one, the way leads to the sign-in page); and then the page. GET
// and HEAD change nothing, so that mail scanners and previews may follow any link.
//
// # Where a new page goes
//
// A page is one file <page>.go with its handlers and, beside it, <page>.templ with what it draws:
//
//   - The route: a line in the page's own function, such as requestRoutes, which New calls. s.page takes a handler for
//     people who are signed in, s.admin one for administrators, s.open one for everybody. Changes are POSTs and end in
//     v.redirect. Who gets there is a line in endpoints, in reach_test.go, for every address.
//   - The handler: func(v *visit) error. v.actor is who asks; v.form reads a form; v.render shows a page in the layout;
//     v.flash leaves a sentence for the next page; an error that is returned becomes an error page with its sentence.
//   - What it draws: components of package ui inside ui.Section. Text is written as { text }, never as templ.Raw; a
//     person's words go into ui.Quote or ui.Name. Styles go into assets/style.css, which knows no page by name.
//   - The navigation: a line in links, in nav.go.
//   - What it asks of the core: a method in Service, in service.go.
//
// `go generate ./core/web` turns the .templ files into Go; the result is committed.
package web

//go:generate go run github.com/a-h/templ/cmd/templ@v0.3.977 generate
