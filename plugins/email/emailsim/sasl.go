package emailsim

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// directory knows who may sign in.
type directory interface {
	password(username string) (string, bool)
	tokenOpens(username, token string) bool
}

// mechanism starts one way of signing in; done is called with the username once it worked.
func mechanism(name string, known directory, done func(username string)) (sasl.Server, error) {
	switch name {
	case "PLAIN":
		return sasl.NewPlainServer(func(_, username, password string) error {
			return compare(known, username, password, done)
		}), nil
	case "LOGIN":
		return &loginServer{known: known, done: done}, nil
	case "XOAUTH2":
		return &tokenServer{known: known, done: done}, nil
	case "SCRAM-SHA-256":
		return &scramServer{known: known, done: done}, nil
	default:
		return nil, smtp.ErrAuthUnknownMechanism
	}
}

func compare(known directory, username, password string, done func(string)) error {
	want, ok := known.password(username)
	if !ok || !hmac.Equal([]byte(want), []byte(password)) {
		return smtp.ErrAuthFailed
	}
	done(username)
	return nil
}

// loginServer asks for the name and then for the password.
type loginServer struct {
	known    directory
	done     func(string)
	asked    int
	username string
}

// Next is called with each answer.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if l.asked == 0 && response == nil {
		l.asked = 1
		return []byte("Username:"), false, nil
	}
	if l.asked <= 1 {
		l.asked, l.username = 2, string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, compare(l.known, l.username, string(response), l.done)
}

// tokenServer takes an access token: https://developers.google.com/workspace/gmail/imap/xoauth2-protocol.
type tokenServer struct {
	known  directory
	done   func(string)
	failed bool
}

// Next is called with the token, and after a refusal with an empty answer.
func (t *tokenServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil && !t.failed {
		return nil, false, nil
	}
	if t.failed {
		return nil, true, smtp.ErrAuthFailed
	}
	var username, token string
	for field := range strings.SplitSeq(string(response), "\x01") {
		if value, ok := strings.CutPrefix(field, "user="); ok {
			username = value
		}
		if value, ok := strings.CutPrefix(field, "auth=Bearer "); ok {
			token = value
		}
	}
	if token == "" || !t.known.tokenOpens(username, token) {
		t.failed = true
		return []byte(`{"status":"400","schemes":"Bearer","scope":"mail.send"}`), false, nil
	}
	t.done(username)
	return nil, true, nil
}

// scramServer proves both sides to each other: https://www.rfc-editor.org/rfc/rfc7677.
type scramServer struct {
	known    directory
	done     func(string)
	stage    int
	username string
	bare     string
	first    string
	salted   []byte
	nonce    string
}

const scramRounds = 4096

// Next is called with the client's first message, its proof, and the empty answer at the end.
func (s *scramServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil && s.stage == 0 {
		return nil, false, nil
	}
	s.stage++
	switch s.stage {
	case 1:
		challenge, err = s.begin(string(response))
		return challenge, false, err
	case 2:
		challenge, err = s.verify(string(response))
		return challenge, false, err
	default:
		s.done(s.username)
		return nil, true, nil
	}
}

func (s *scramServer) begin(message string) ([]byte, error) {
	bare, ok := strings.CutPrefix(message, "n,,")
	fields := scramFields(bare)
	if !ok || fields["n"] == "" || fields["r"] == "" {
		return nil, smtp.ErrAuthFailed
	}
	s.bare = bare
	s.username = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(fields["n"])
	password, _ := s.known.password(s.username) // a name that nobody has fails at the proof, like a wrong password
	var random [34]byte
	_, _ = rand.Read(random[:]) // it never fails
	salt := random[:16]
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramRounds, sha256.Size)
	if err != nil {
		return nil, smtp.ErrAuthFailed
	}
	s.salted = salted
	s.nonce = fields["r"] + base64.RawURLEncoding.EncodeToString(random[16:])
	s.first = fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(salt), scramRounds)
	return []byte(s.first), nil
}

func (s *scramServer) verify(message string) ([]byte, error) {
	without, proof, ok := strings.Cut(message, ",p=")
	given, err := base64.StdEncoding.DecodeString(proof)
	if !ok || err != nil || without != "c=biws,r="+s.nonce || len(given) != sha256.Size {
		return nil, smtp.ErrAuthFailed
	}
	said := s.bare + "," + s.first + "," + without
	clientKey := mac(s.salted, "Client Key")
	stored := sha256.Sum256(clientKey)
	signature := mac(stored[:], said)
	for i := range given {
		given[i] ^= signature[i]
	}
	if _, exists := s.known.password(s.username); !exists || !hmac.Equal(given, clientKey) {
		return nil, smtp.ErrAuthFailed
	}
	server := mac(mac(s.salted, "Server Key"), said)
	return []byte("v=" + base64.StdEncoding.EncodeToString(server)), nil
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

func scramFields(message string) map[string]string {
	fields := map[string]string{}
	for field := range strings.SplitSeq(message, ",") {
		if name, value, ok := strings.Cut(field, "="); ok {
			fields[name] = value
		}
	}
	return fields
}
