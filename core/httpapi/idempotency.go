package httpapi

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	v1 "github.com/accede/accede/api/v1"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotent-Replayed"
	maxKey            = 255
)

var errSealed = errors.New("the stored answer cannot be opened")

// idempotent answers a repeated POST with what the first one got. Only successes are kept: a refused call has changed
// nothing and is judged anew. Calls with the same key run one after the other.
func (a *api) idempotent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get(idempotencyHeader)
		current := callOf(r.Context())
		if r.Method != http.MethodPost || key == "" || current.secret == "" {
			next.ServeHTTP(w, r)
			return
		}
		if !validKey(key) {
			newProblem(http.StatusUnprocessableEntity, v1.CodeInvalid,
				fmt.Sprintf("The %s must be 1 to %d printable ASCII characters, best a random UUID.", idempotencyHeader, maxKey)).write(w)
			return
		}
		unlock, err := a.keys.lock(r.Context(), current.actor.Person.Name+"\x00"+key)
		if err != nil {
			return // the client is gone
		}
		defer unlock()
		a.answerOnce(w, r, next, seal{key: key, token: current.secret})
	})
}

func validKey(key string) bool {
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(key) <= maxKey
}

// answerOnce repeats the stored answer or makes one and stores it.
func (a *api) answerOnce(w http.ResponseWriter, r *http.Request, next http.Handler, sealed seal) {
	ctx, actor := r.Context(), callOf(r.Context()).actor
	digest, err := digestOf(r, sealed)
	if err != nil {
		a.problemOf(ctx, err).write(w)
		return
	}
	status, body, found, err := a.service.Idempotency(ctx, actor, sealed.name(), digest)
	if err != nil {
		a.problemOf(ctx, err).write(w)
		return
	}
	if found {
		replay(w, sealed, status, body)
		return
	}
	kept := &keptAnswer{ResponseWriter: w}
	next.ServeHTTP(kept, r)
	if kept.status/100 != 2 {
		return
	}
	// The answer has been given; that its client has left must not keep it from being stored.
	ctx = context.WithoutCancel(ctx)
	if err := a.service.SaveIdempotent(ctx, actor, sealed.name(), digest, kept.status, sealed.shut(kept.body.Bytes())); err != nil {
		a.logCause(ctx, 0, "storing answer for its idempotency key", err)
	}
}

func replay(w http.ResponseWriter, sealed seal, status int, body []byte) {
	opened, err := sealed.open(body)
	if err != nil {
		newProblem(http.StatusConflict, v1.CodeIdempotencyConflict, "This Idempotency-Key was used with another token, "+
			"and the answer is only given to that one. The call was carried out then; to repeat it, use a new key.").write(w)
		return
	}
	w.Header().Set(replayedHeader, "true")
	if len(opened) > 0 {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = w.Write(opened) // if it cannot be written, nobody is there to read it
}

// digestOf identifies what is asked: address and body.
func digestOf(r *http.Request, sealed seal) (string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", fmt.Errorf("reading body: %w", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	hash := hmac.New(sha256.New, sealed.derive("digest", ""))
	_, _ = fmt.Fprintf(hash, "%s\x00%s\x00", r.URL.Path, r.URL.RawQuery) // a hash takes everything
	_, _ = hash.Write(body)
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// keptAnswer passes an answer on and keeps a copy.
type keptAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Unwrap lets http.ResponseController through.
func (k *keptAnswer) Unwrap() http.ResponseWriter { return k.ResponseWriter }

// WriteHeader keeps the status.
func (k *keptAnswer) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

// Write keeps the body.
func (k *keptAnswer) Write(body []byte) (int, error) {
	if k.status == 0 {
		k.status = http.StatusOK
	}
	_, _ = k.body.Write(body) // a buffer takes everything
	return k.ResponseWriter.Write(body)
}

// seal hides an answer from whoever can read the store, since answers may hold secrets that are shown only once. Opening
// it takes the idempotency key and the token with which it was asked; the store has hashes of both at most.
type seal struct {
	key, token string
}

// name is what the key is called in the store.
func (s seal) name() string { return hex.EncodeToString(s.derive("name", "")) }

func (s seal) derive(purpose, token string) []byte {
	mac := hmac.New(sha256.New, []byte(s.key))
	_, _ = mac.Write([]byte("accede idempotency " + purpose + "\x00" + token)) // a hash takes everything
	return mac.Sum(nil)
}

func (s seal) aead() cipher.AEAD {
	block, err := aes.NewCipher(s.derive("body", s.token))
	if err != nil {
		panic(err) // the key always has 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // the block is always AES
	}
	return aead
}

func (s seal) shut(body []byte) []byte { return s.aead().Seal(nil, nil, body, nil) } //nolint:gosec // this AEAD makes its own nonce

func (s seal) open(sealed []byte) ([]byte, error) {
	body, err := s.aead().Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, errSealed
	}
	return body, nil
}
