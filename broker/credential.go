package broker

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/nats-io/nkeys"
)

// Credential is what a plugin shows to the broker. Its seed is a private Ed25519 key: it proves who connects, and it
// signs the decisions the plugin passes on. The core keeps only the public key.
type Credential struct {
	Plugin string `json:"plugin"`
	// Broker is the address to connect to, such as nats://127.0.0.1:4222.
	Broker string `json:"broker"`
	Seed   Seed   `json:"seed"`
	// ButtonKey seals what the plugin's buttons carry, so that a click proves that its button came from one of our cards. A
	// plugin keeps it when its credential is replaced.
	ButtonKey Seed `json:"button_key"`
}

// Seed is a private key in text form. It prints as [redacted].
type Seed string

// String hides the seed.
func (Seed) String() string { return "[redacted]" }

// GoString hides the seed.
func (Seed) GoString() string { return "[redacted]" }

// MarshalJSON hides the seed; [Credential.Encode] writes it.
func (Seed) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// buttonKeyBytes is the length of a button key before it is encoded.
const buttonKeyBytes = 32

// NewCredential makes a credential with fresh keys and returns it with its public key.
func NewCredential(plugin, address string) (credential Credential, publicKey string, err error) {
	button := make([]byte, buttonKeyBytes)
	if _, err := rand.Read(button); err != nil {
		return Credential{}, "", fmt.Errorf("creating button key: %w", err)
	}
	pair, err := nkeys.CreateUser()
	if err != nil {
		return Credential{}, "", fmt.Errorf("creating key: %w", err)
	}
	seed, err := pair.Seed()
	if err != nil {
		return Credential{}, "", fmt.Errorf("reading seed: %w", err)
	}
	publicKey, err = pair.PublicKey()
	if err != nil {
		return Credential{}, "", fmt.Errorf("reading public key: %w", err)
	}
	return Credential{
		Plugin: plugin, Broker: address, Seed: Seed(seed), ButtonKey: Seed(base64.RawURLEncoding.EncodeToString(button)),
	}, publicKey, nil
}

// ParseCredential reads what [Credential.Encode] wrote.
func ParseCredential(data []byte) (Credential, error) {
	var credential Credential
	if err := json.Unmarshal(data, &credential); err != nil {
		return Credential{}, errors.New("credential is not what `accede admin plugin add` prints; make a new one with it")
	}
	if !ValidPluginName(credential.Plugin) {
		return Credential{}, fmt.Errorf("credential names plugin %q, which is not a plugin's name", credential.Plugin)
	}
	if !validAddress(credential.Broker) {
		return Credential{}, errors.New("credential has no usable broker address; it should look like nats://host:4222")
	}
	if _, err := nkeys.FromSeed([]byte(credential.Seed)); err != nil {
		return Credential{}, errors.New("credential has a damaged seed; make a new one with `accede admin plugin add`")
	}
	if credential.ButtonKey == "" {
		return Credential{}, errors.New("credential has no button key; make a new one with `accede admin plugin add`")
	}
	return credential, nil
}

func validAddress(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && (parsed.Scheme == "nats" || parsed.Scheme == "tls") && parsed.Host != ""
}

// ReadCredential reads a credential file.
func ReadCredential(path string) (Credential, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Credential{}, fmt.Errorf("reading credential: %w; make one with `accede admin plugin add`", err)
	}
	credential, err := ParseCredential(data)
	if err != nil {
		return Credential{}, fmt.Errorf("%s: %w", path, err)
	}
	return credential, nil
}

// Encode writes the credential as a file's content.
func (c Credential) Encode() ([]byte, error) {
	type plain struct {
		Plugin    string `json:"plugin"`
		Broker    string `json:"broker"`
		Seed      string `json:"seed"`
		ButtonKey string `json:"button_key"`
	}
	data, err := json.MarshalIndent(plain{c.Plugin, c.Broker, string(c.Seed), string(c.ButtonKey)}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding credential: %w", err)
	}
	return append(data, '\n'), nil
}

// Sign signs data with the credential's key.
func (c Credential) Sign(data []byte) ([]byte, error) {
	pair, err := nkeys.FromSeed([]byte(c.Seed))
	if err != nil {
		return nil, fmt.Errorf("reading seed: %w", err)
	}
	defer pair.Wipe()
	return pair.Sign(data)
}

// VerifySignature says whether the owner of publicKey signed data.
func VerifySignature(publicKey string, data, signature []byte) bool {
	pair, err := nkeys.FromPublicKey(publicKey)
	if err != nil {
		return false
	}
	return pair.Verify(data, signature) == nil
}

// ValidPluginName says whether name can be a plugin's: a lower-case letter, then up to 31 letters and digits.
func ValidPluginName(name string) bool {
	if name == "" || len(name) > 32 || name[0] < 'a' || name[0] > 'z' {
		return false
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// ValidPublicKey says whether text is a public key as [NewCredential] returns it.
func ValidPublicKey(text string) bool { return nkeys.IsValidPublicUserKey(text) }

// PublicKey returns the public key that belongs to the seed.
func (c Credential) PublicKey() (string, error) {
	pair, err := nkeys.FromSeed([]byte(c.Seed))
	if err != nil {
		return "", fmt.Errorf("reading seed: %w", err)
	}
	defer pair.Wipe()
	publicKey, err := pair.PublicKey()
	if err != nil {
		return "", fmt.Errorf("reading public key: %w", err)
	}
	return publicKey, nil
}
