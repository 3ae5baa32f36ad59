package v1

import (
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// LoginInput begins a program's sign-in that somebody has to agree to in a browser.
type LoginInput struct {
	// Challenge is [LoginChallenge] of a secret that only the program has.
	Challenge string `json:"challenge"`
	// Device says where the program runs, for whoever agrees.
	Device string `json:"device"`
}

// LoginStarted says how a program's sign-in goes on.
type LoginStarted struct {
	// Code is the program's to keep.
	Code string `json:"code"`
	// Word is what somebody types into the page.
	Word string `json:"word"`
	// Page is the path of the page at the core's public address.
	Page    string    `json:"page"`
	Expires time.Time `json:"expires"`
	// Interval is how long to wait between two tries to finish.
	Interval Duration `json:"interval"`
}

// LoginFinish asks for the session of a program's sign-in.
type LoginFinish struct {
	Code string `json:"code"`
	// Verifier is the secret whose challenge began it.
	Verifier string `json:"verifier"`
}

// LoginResult is the session, or says that nobody has agreed yet.
type LoginResult struct {
	Pending bool         `json:"pending,omitempty"`
	Session *SecretToken `json:"session,omitempty"`
}

// LoginChallenge is the digest by which a program proves, when it shows the secret at the end, that it also was at the
// beginning.
func LoginChallenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// wordAlphabet leaves out what people confuse.
const wordAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// LoginWord is what program and page both show of a challenge, so that people see that they belong together.
func LoginWord(challenge string) string {
	sum := sha256.Sum256([]byte("word\x00" + challenge))
	word := make([]byte, 0, 9)
	for i := range 8 {
		if i == 4 {
			word = append(word, '-')
		}
		word = append(word, wordAlphabet[int(sum[i])%len(wordAlphabet)])
	}
	return string(word)
}
