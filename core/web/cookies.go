package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/accede/accede/core/web/ui"
)

const (
	maxSecret = 512
	maxFlash  = 1024
	// attemptSeconds is how long a browser keeps the key of a sign-in that it has begun.
	attemptSeconds = 600
)

// cookies makes and reads the cookies of this site. Under HTTPS their names bind them to this host, to HTTPS and to the
// whole site, and no neighbouring host can set them.
type cookies struct {
	secure                              bool
	sessionName, flashName, attemptName string
	// key seals what is left for the next page. It lives as long as the process: nothing lasting is sealed.
	key []byte
}

func newCookies(public string, key []byte) cookies {
	c := cookies{secure: strings.HasPrefix(public, "https://"), key: key}
	prefix := ""
	if c.secure {
		prefix = "__Host-"
	}
	c.sessionName, c.flashName, c.attemptName = prefix+"accede_session", prefix+"accede_flash", prefix+"accede_attempt"
	return c
}

func (c cookies) bake(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure follows the public address; without HTTPS there is nothing to secure
		Name: name, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	}
}

// forget is a cookie that ends the one of this name.
func (c cookies) forget(name string) *http.Cookie { return c.bake(name, "", -1) }

// start is the cookie of a new session.
func (c cookies) start(secret string, left time.Duration) *http.Cookie {
	return c.bake(c.sessionName, secret, max(1, int(left/time.Second)))
}

// session is the secret that the browser sent. Two cookies of the name mean that somebody else set one: neither is taken.
func (c cookies) session(r *http.Request) (string, bool) {
	found := r.CookiesNamed(c.sessionName)
	if len(found) != 1 || found[0].Value == "" || len(found[0].Value) > maxSecret {
		return "", false
	}
	return found[0].Value, true
}

// attempt is a cookie that holds the key of a sign-in that was begun in this browser.
func (c cookies) attempt(key string) *http.Cookie { return c.bake(c.attemptName, key, attemptSeconds) }

// attempted is the key that the browser holds; empty if it began nothing.
func (c cookies) attempted(r *http.Request) string {
	found := r.CookiesNamed(c.attemptName)
	if len(found) != 1 || len(found[0].Value) > maxSecret {
		return ""
	}
	return found[0].Value
}

// leave is a cookie that carries a notice to the next page.
func (c cookies) leave(notice ui.Notice) *http.Cookie {
	text := string(notice.Tone) + "\n" + notice.Text
	return c.bake(c.flashName, c.seal(text[:min(len(text), maxFlash)]), 60)
}

// left is the notice that an earlier answer left.
func (c cookies) left(r *http.Request) (ui.Notice, bool) {
	cookie, err := r.Cookie(c.flashName)
	if err != nil {
		return ui.Notice{}, false
	}
	text, ok := c.unseal(cookie.Value)
	tone, sentence, cut := strings.Cut(text, "\n")
	return ui.Notice{Tone: ui.Tone(tone), Text: strings.ToValidUTF8(sentence, "")}, ok && cut
}

func (c cookies) seal(text string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(text)) + "." + encode(c.sum(text))
}

func (c cookies) unseal(value string) (string, bool) {
	text, sum, _ := strings.Cut(value, ".")
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	given, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(given, c.sum(string(plain))) {
		return "", false
	}
	return string(plain), true
}

func (c cookies) sum(text string) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
