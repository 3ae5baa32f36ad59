// Package email brings requests into mailboxes: a mail per request to each reviewer, short mails in the same thread for
// reviews, and mails to the requester about the outcome and about their access.
//
// It owns the translation between the plugin contract and mail: how a card reads as text and as HTML, which answer of a
// mail server means what, how a mail is threaded and how it is named so that receivers can recognise a repeat. Mails
// leave over SMTP or through Mailgun (see [Config]); both carry the same bytes, made in letter.go.
//
// Mail never decides. A mail carries one link, to the request in the core, and what is sent back is not read. It is sent
// to nobody whom neither the configuration nor the core named. Text that people wrote is shown as text, marked as theirs,
// and broken up invisibly where a mail program would make a link of it.
//
// Only letter.go and smtp*.go know the mail library.
package email
