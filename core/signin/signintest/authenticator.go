package signintest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// Authenticator is a passkey in software, in a browser at one site.
type Authenticator struct {
	// Origin and Host are what the browser says of the site.
	Origin, Host string
	// Unverified leaves out that its owner was checked.
	Unverified bool
	// Counter rises with each use.
	Counter uint32

	id     []byte
	handle []byte
	key    *ecdsa.PrivateKey
}

// Flags of authenticator data.
const (
	flagPresent  = 0x01
	flagVerified = 0x04
	flagAttested = 0x40
)

type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

var encode = base64.RawURLEncoding.EncodeToString //nolint:gochecknoglobals // a function

// Create makes the passkey that a site asks for and returns the browser's answer.
func (a *Authenticator) Create(asked []byte) (answer []byte, err error) {
	var o options
	if err := json.Unmarshal(asked, &o); err != nil {
		return nil, fmt.Errorf("reading options: %w", err)
	}
	if a.handle, err = base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID); err != nil {
		return nil, fmt.Errorf("reading user handle: %w", err)
	}
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("making key: %w", err)
	}
	a.id = make([]byte, 16)
	if _, err := rand.Read(a.id); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	public, err := a.publicKey()
	if err != nil {
		return nil, err
	}
	data := a.data(flagAttested)
	data = append(data, make([]byte, 16)...) // no model
	data = binary.BigEndian.AppendUint16(data, 16)
	data = append(append(data, a.id...), public...)
	object := cborMap(3)
	object = append(append(object, cborText("fmt")...), cborText("none")...)
	object = append(append(object, cborText("attStmt")...), cborMap(0)...)
	object = append(append(object, cborText("authData")...), cborBytes(data)...)
	return a.answer(map[string]any{
		"clientDataJSON": encode(a.clientData("webauthn.create", o.PublicKey.Challenge)), "attestationObject": encode(object),
	})
}

// Get signs a site's challenge with the passkey and returns the browser's answer.
func (a *Authenticator) Get(asked []byte) (answer []byte, err error) {
	var o options
	if err := json.Unmarshal(asked, &o); err != nil {
		return nil, fmt.Errorf("reading options: %w", err)
	}
	if a.key == nil {
		return nil, errors.New("there is no passkey")
	}
	a.Counter++
	data, client := a.data(0), a.clientData("webauthn.get", o.PublicKey.Challenge)
	digest := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), digest[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, signed[:])
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return a.answer(map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(signature), "userHandle": encode(a.handle),
	})
}

func (a *Authenticator) answer(response map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{
		"id": encode(a.id), "rawId": encode(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
}

func (a *Authenticator) clientData(kind, challenge string) []byte {
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q,"crossOrigin":false}`, kind, challenge, a.Origin)
}

func (a *Authenticator) data(flags byte) []byte {
	host := sha256.Sum256([]byte(a.Host))
	flags |= flagPresent
	if !a.Unverified {
		flags |= flagVerified
	}
	return binary.BigEndian.AppendUint32(append(host[:], flags), a.Counter)
}

// publicKey is the key as COSE: type EC2, algorithm ES256, curve P-256, and its two coordinates.
func (a *Authenticator) publicKey() ([]byte, error) {
	point, err := a.key.PublicKey.Bytes() // 0x04, x, y
	if err != nil {
		return nil, fmt.Errorf("encoding key: %w", err)
	}
	key := append(cborMap(5), 0x01, 0x02, 0x03, 0x26, 0x20, 0x01)
	key = append(append(key, 0x21), cborBytes(point[1:33])...)
	return append(append(key, 0x22), cborBytes(point[33:])...), nil
}

func cborMap(pairs byte) []byte { return []byte{0xa0 | pairs} }

func cborText(text string) []byte { return append([]byte{0x60 | byte(len(text))}, text...) } //nolint:gosec // short

func cborBytes(data []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0x59}, uint16(len(data))), data...) //nolint:gosec // short
}
