package emailsim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// SeenMail is a mail as /sandbox/mails shows it.
type SeenMail struct {
	ID string `json:"id"`
	// To is the mailbox it lies in, From who it says it is from, Sender the envelope's.
	To     string `json:"to"`
	From   string `json:"from"`
	Sender string `json:"sender"`
	// Via says how it came: smtp or mailgun, Auth and TLS how that was protected.
	Via  string `json:"via"`
	Auth string `json:"auth,omitempty"`
	TLS  bool   `json:"tls,omitempty"`

	Subject    string `json:"subject"`
	MessageID  string `json:"message_id"`
	InReplyTo  string `json:"in_reply_to,omitempty"`
	References string `json:"references,omitempty"`
	// Key is the delivery key that the mail carries, if it does.
	Key string `json:"key,omitempty"`
	// Headers are as they came, in order, decoded.
	Headers []Header `json:"headers"`
	Text    string   `json:"text"`
	HTML    string   `json:"html"`
	// Again says that a mail with the same Message-ID was there before.
	Again    bool      `json:"again,omitempty"`
	Parent   string    `json:"parent,omitempty"`
	Received time.Time `json:"received"`
}

// Header is one line of a mail's head.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// keyHeader is where the demo's sender puts its delivery key.
const keyHeader = "X-Accede-Delivery"

// complaintError is why a strict receiver refuses a mail.
type complaintError string

// Error returns the reason.
func (e complaintError) Error() string { return string(e) }

const (
	maxLine  = 998 // https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
	maxDepth = 5
)

// parseMail reads a mail as strictly as the pickiest receivers do.
func parseMail(raw []byte) (SeenMail, error) {
	if err := checkLines(raw); err != nil {
		return SeenMail{}, err
	}
	headers, err := readHead(raw)
	if err != nil {
		return SeenMail{}, err
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return SeenMail{}, complaintError("the head of the mail cannot be read")
	}
	seen := SeenMail{
		Headers: headers, From: parsed.Header.Get("From"), Subject: decoded(parsed.Header.Get("Subject")),
		MessageID: parsed.Header.Get("Message-Id"), InReplyTo: parsed.Header.Get("In-Reply-To"),
		References: parsed.Header.Get("References"), Key: parsed.Header.Get(keyHeader),
	}
	if _, err := mail.ParseAddress(seen.From); err != nil {
		return SeenMail{}, complaintError("the From header is not one address")
	}
	if _, err := parsed.Header.Date(); err != nil {
		return SeenMail{}, complaintError("the Date header cannot be read")
	}
	err = seen.readPart(parsed.Header.Get("Content-Type"), parsed.Header.Get("Content-Transfer-Encoding"), parsed.Body, 0)
	return seen, err
}

func checkLines(raw []byte) error {
	for line := range bytes.SplitSeq(raw, []byte("\n")) {
		if len(line) > maxLine+1 {
			return complaintError("a line is longer than 998 characters")
		}
		if len(line) > 0 && bytes.IndexByte(line[:len(line)-1], '\r') >= 0 {
			return complaintError("a carriage return stands alone")
		}
	}
	return nil
}

// readHead lists the headers and refuses what may be there once only but is there twice or not at all.
func readHead(raw []byte) ([]Header, error) {
	head, _, _ := bytes.Cut(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	var headers []Header
	for line := range strings.SplitSeq(string(head), "\n") {
		if line == "" {
			continue
		}
		if (line[0] == ' ' || line[0] == '\t') && len(headers) > 0 {
			headers[len(headers)-1].Value += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(name, " \t") {
			return nil, complaintError("a header has no name")
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			return nil, complaintError("a header holds characters beyond ASCII")
		}
		headers = append(headers, Header{Name: name, Value: strings.TrimSpace(value)})
	}
	count := map[string]int{}
	for i := range headers {
		count[strings.ToLower(headers[i].Name)]++
		headers[i].Value = decoded(headers[i].Value)
	}
	for _, name := range []string{"from", "to", "date", "message-id", "subject", "mime-version"} {
		if count[name] != 1 {
			return nil, complaintError(fmt.Sprintf("there are %d %s headers, not one", count[name], name))
		}
	}
	return headers, nil
}

func decoded(value string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		return value
	}
	return text
}

var errDeep = errors.New("parts within parts within parts")

// readPart collects the text and the HTML of a part and of those inside it.
func (m *SeenMail) readPart(contentType, encoding string, body io.Reader, depth int) error {
	if depth > maxDepth {
		return complaintError(errDeep.Error())
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.readParts(params["boundary"], body, depth)
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return complaintError("a part cannot be decoded")
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch kind {
	case "text/plain":
		m.Text += text
	case "text/html":
		m.HTML += text
	}
	return nil
}

func (m *SeenMail) readParts(boundary string, body io.Reader, depth int) error {
	parts := multipart.NewReader(body, boundary)
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return complaintError("the parts cannot be told apart")
		}
		if err := m.readPart(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part, depth+1); err != nil {
			return err
		}
	}
}
