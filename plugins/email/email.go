package email

import (
	"context"
	_ "embed" // the example is part of the binary
	"fmt"
	"log/slog"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Name is the plugin's name in subjects, credentials and configurations.
const Name = "email"

//go:embed example.yaml
var example []byte

// Spec describes the plugin to the host.
func Spec() plugins.Spec { return plugins.Define(Name, "E-mail", example, NewConfig, open) }

// courier hands one mail to whoever delivers it.
type courier interface {
	carry(ctx context.Context, l letter) error
	check(ctx context.Context, recipients []string) []plugins.Finding
}

// postman is what both ways of sending can do. [mailgunPostman] adds looking up.
type postman struct {
	config  *Config
	writer  *writer
	courier courier
	log     *slog.Logger
}

var (
	_ plugins.Notifier = (*postman)(nil)
	_ plugins.Replier  = (*postman)(nil)
	_ plugins.Resolver = (*postman)(nil)
	_ plugins.Checker  = (*postman)(nil)
	_ plugins.Finder   = (*mailgunPostman)(nil)
)

func open(_ context.Context, c *Config, deps plugins.Deps) (plugins.Notifier, error) {
	w, err := newWriter(c, deps.Now)
	if err != nil {
		return nil, fmt.Errorf("opening email: %w", err)
	}
	p := &postman{config: c, writer: w, log: deps.Logger}
	if c.Mailgun.Domain != "" {
		api := newMailgun(c, deps.HTTP, w, deps.Now)
		p.courier = api
		return &mailgunPostman{postman: p, api: api}, nil
	}
	smtp, err := newServer(&c.SMTP, newTokens(&c.SMTP, deps.HTTP, deps.Now))
	if err != nil {
		return nil, fmt.Errorf("opening email: smtp.ca_file: %w", err)
	}
	p.courier = &smtpCourier{server: smtp, writer: w, config: c, doubts: newDoubts()}
	return p, nil
}

// ref is a mail that was sent: to whom, and its Message-ID.
type ref struct{ to, id string }

func (r ref) encode() plugins.Ref { return plugins.Ref(r.to + " <" + r.id + ">") }

func decodeRef(r plugins.Ref) (ref, error) {
	to, id, ok := strings.Cut(string(r), " <")
	id, closed := strings.CutSuffix(id, ">")
	address, err := parseAddress(to)
	if !ok || !closed || err != nil || address != to || !validID(id) {
		return ref{}, &plugins.Error{
			Op: "reading reference", Kind: plugins.Gone, Public: "The ledger's reference to the mail is not one of this plugin's.",
		}
	}
	return ref{to: to, id: id}, nil
}

func validID(id string) bool {
	key, domain, ok := strings.Cut(id, "@")
	return ok && plainKey.MatchString(key) && validDomain(domain)
}

// Post sends the mail that a request comes with.
func (p *postman) Post(ctx context.Context, to plugins.Destination, key string, card plugins.Card) (plugins.Ref, error) {
	address, err := p.allowed(to.ID)
	if err != nil {
		return "", &plugins.Error{
			Op: "addressing mail", Kind: plugins.NotFound, Err: err,
			Public: "The destination is not an address that mails may go to; see role_to_recipients and only_domains.",
		}
	}
	return p.send(ctx, p.writer.letter(address, key, card, cardSheet(card)))
}

// Reply sends a follow-up in the thread of the mail that was sent before. A review that the configuration wants no mail
// about is left out: the reference is then the first mail's.
func (p *postman) Reply(ctx context.Context, r plugins.Ref, key string, n plugins.Note) (plugins.Ref, error) {
	parent, err := decodeRef(r)
	if err != nil {
		return "", err
	}
	if !p.worthAMail(n) {
		return r, nil
	}
	l := p.writer.letter(parent.to, key, n.Card, noteSheet(n))
	l.thread = parent.id
	return p.send(ctx, l)
}

func (p *postman) worthAMail(n plugins.Note) bool {
	if n.Kind != plugins.NoteReview {
		return true
	}
	switch p.config.FollowUps {
	case FollowNone:
		return false
	case FollowOutcome:
		return n.Card.State.Resolved() && decisive(n)
	default:
		return true
	}
}

// decisive says that the note is about the review that ended the request, so that an end is told once.
func decisive(n plugins.Note) bool {
	if n.Review == nil {
		return true
	}
	if end := n.Card.Resolution; end != nil && end.ReviewID != "" {
		return end.ReviewID == n.Review.ID
	}
	last := lastReview(n.Card.Reviews)
	return last == nil || last.ID == n.Review.ID
}

func lastReview(reviews []v1.Review) *v1.Review {
	if len(reviews) == 0 {
		return nil
	}
	return &reviews[len(reviews)-1]
}

func (p *postman) send(ctx context.Context, l letter) (plugins.Ref, error) {
	if err := p.courier.carry(ctx, l); err != nil {
		return "", err
	}
	return ref{to: l.to, id: l.id}.encode(), nil
}

// Check looks whether mails can leave and whether the recipients take them.
func (p *postman) Check(ctx context.Context, recipients []string) []plugins.Finding {
	findings, addresses := p.checkRecipients(recipients)
	return append(findings, p.courier.check(ctx, addresses)...)
}
