// Package emailsim is a local stand-in of a company's mail: a mail server that takes mail over real SMTP, Mailgun's API,
// a token endpoint, and the mailboxes of the demo's people with a page to read them.
//
// It behaves like a mail server, not like our client: it shares no code with the plugin and must not import it. The
// server offers STARTTLS with a certificate of [CertificateAuthority], takes mail only from who has signed in, only from
// senders that the account owns, and only in the form that strict receivers ask for. It keeps every copy that it is given:
// two mails with one Message-ID are two mails, marked as such.
//
// SMTP is spoken at [Sim.SideAddress]. Below the prefix that the handler is mounted under there are
//
//	/v3/…, /v4/…          Mailgun's API: messages.mime, events, domains
//	/oauth/token          the token endpoint: client credentials and refresh tokens
//	/                     the mailboxes as a page: /?as=bob, with &bare=1 without its title bar
//	/mails/ID             the HTML part of one mail, in a sandbox of its own
//
// and for tests, in JSON,
//
//	GET  /sandbox/mails?to=&key=     every mail with its headers and parts
//	GET  /sandbox/raw?id=            one mail as it came
//	GET  /sandbox/stats              conversations, sign-ins and mails so far
//	GET  /sandbox/ca.pem             the certificate to trust
//	GET  /sandbox/version, /sandbox/wait?version=N    a count of changes, at once or as soon as it exceeds N
//	     /sandbox/faults             GET, PUT, PATCH: see standin.Faults; operations are CONNECT, AUTH, MAIL, RCPT and
//	                                 DATA, and for Mailgun messages.mime, events and domains
//	GET  /sandbox/posts, POST /sandbox/do    see standin.Stage
package emailsim
