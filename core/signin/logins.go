package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

const (
	// LoginLife is how long a program's sign-in may take.
	LoginLife = 10 * time.Minute
	// wordAlphabet leaves out what people confuse.
	wordAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	wordLength   = 8
	// challengeBytes is the length of a digest in unpadded base64url.
	challengeBytes = 43
	maxDevice      = 100
)

// What a program's sign-in can come to.
var (
	// ErrLoginPending: nobody has agreed yet.
	ErrLoginPending = errors.New("nobody has agreed to the sign-in yet")
	// ErrLoginRefused: somebody has said no.
	ErrLoginRefused = errors.New("the sign-in was refused")
	// ErrLoginUnknown: there is no such sign-in, any more, for whoever asks.
	ErrLoginUnknown = errors.New("the sign-in is unknown, used or too old")
)

// Login is a program that wants to be signed in.
type Login struct {
	// Challenge is [v1.LoginChallenge] of a secret that only the program has.
	Challenge string
	// Device is where the program runs, as it says itself.
	Device string
}

// Valid says whether a program could have sent this.
func (l Login) Valid() bool {
	digest, err := base64.RawURLEncoding.DecodeString(l.Challenge)
	return err == nil && len(digest) == sha256.Size && len(l.Challenge) == challengeBytes && len(l.Device) <= maxDevice &&
		!strings.ContainsFunc(l.Device, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Logins hands sign-ins over from browsers to programs. It is safe for concurrent use.
//
// A program on the same machine sends the browser along with its challenge; once somebody agrees, [Logins.Grant] gives a
// code, which the browser carries back. A program elsewhere begins with [Logins.Ask] and shows a word, which somebody types
// into a browser. Both end with [Logins.Finish].
type Logins struct {
	open *once[*asked]

	mu     sync.Mutex
	byWord map[string]string
}

// asked is a sign-in that is under way.
type asked struct {
	Login
	word    string
	person  string
	refused bool
}

// NewLogins makes an empty set. Now is the clock; nil is the machine's.
func NewLogins(now func() time.Time) *Logins {
	if now == nil {
		now = time.Now
	}
	return &Logins{open: newOnce[*asked](LoginLife, now), byWord: map[string]string{}}
}

// Grant takes the word of a person who is signed in, and returns the code by which the program takes over.
func (l *Logins) Grant(login Login, person string) (code string, err error) {
	return l.open.put(&asked{Login: login, person: person})
}

// Ask begins a sign-in that somebody has to agree to. The code is the program's to keep, the word is for people.
func (l *Logins) Ask(login Login) (code, word string, err error) {
	word, err = newWord()
	if err != nil {
		return "", "", err
	}
	code, err = l.open.put(&asked{Login: login, word: word})
	if err != nil {
		return "", "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tidy()
	l.byWord[word] = code
	return code, word, nil
}

// tidy forgets the words of sign-ins that are over.
func (l *Logins) tidy() {
	for word, code := range l.byWord {
		if _, open := l.open.see(code); !open {
			delete(l.byWord, word)
		}
	}
}

// Asked returns the sign-in behind a word, as long as nobody has answered it.
func (l *Logins) Asked(word string) (Login, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.find(word)
	if !ok {
		return Login{}, false
	}
	return found.Login, true
}

// Answer agrees to the sign-in behind a word as a person who is signed in, or refuses it. It says false if there is none.
func (l *Logins) Answer(word, person string, agreed bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.find(word)
	if !ok {
		return false
	}
	found.person, found.refused = person, !agreed
	delete(l.byWord, found.word)
	return true
}

func (l *Logins) find(word string) (*asked, bool) {
	return l.open.see(l.byWord[plainWord(word)])
}

// Finish gives the person who agreed and the device, once, to the program that can show its secret.
func (l *Logins) Finish(code, verifier string) (person, device string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.open.see(code)
	if !ok {
		return "", "", ErrLoginUnknown
	}
	proven := subtle.ConstantTimeCompare([]byte(v1.LoginChallenge(verifier)), []byte(found.Challenge)) == 1
	if proven && found.person == "" && !found.refused {
		return "", "", ErrLoginPending
	}
	l.open.take(code)
	delete(l.byWord, found.word)
	switch {
	case !proven:
		return "", "", ErrLoginUnknown
	case found.refused:
		return "", "", ErrLoginRefused
	default:
		return found.person, found.Device, nil
	}
}

// newWord draws a word of two groups that people can read out and type.
func newWord() (string, error) {
	raw := make([]byte, 0, wordLength+1)
	var draw [1]byte
	for len(raw) < wordLength+1 {
		if len(raw) == wordLength/2 {
			raw = append(raw, '-')
		}
		if _, err := rand.Read(draw[:]); err != nil {
			return "", fmt.Errorf("reading random bytes: %w", err)
		}
		// Bytes past the last whole multiple of the alphabet would make some letters likelier.
		if int(draw[0]) < 256/len(wordAlphabet)*len(wordAlphabet) {
			raw = append(raw, wordAlphabet[int(draw[0])%len(wordAlphabet)])
		}
	}
	return string(raw), nil
}

// plainWord is a word as it was shown, however it was typed.
func plainWord(typed string) string {
	plain := strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, typed))
	if len(plain) != wordLength {
		return ""
	}
	return plain[:wordLength/2] + "-" + plain[wordLength/2:]
}
