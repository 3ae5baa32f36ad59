package teams

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/accede/accede/internal/secret"
)

// statementLife is how long a signed statement is good for; a fresh one is made for each token.
const statementLife = 5 * time.Minute

// prover proves who the bot is by a certificate.
type prover struct {
	key        *rsa.PrivateKey
	thumbprint string
	expires    time.Time
}

// parseCertificate reads a certificate and its RSA key. The key may stand in the certificate's own text.
func parseCertificate(certificate, key secret.String) (*prover, error) {
	p := &prover{}
	var parsed *x509.Certificate
	for rest := []byte(certificate.Reveal() + "\n" + key.Reveal()); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" && parsed == nil { // the first one is the leaf
			var err error
			if parsed, err = x509.ParseCertificate(block.Bytes); err != nil {
				return nil, errors.New("holds a certificate that cannot be read")
			}
		}
		if found := parseKey(block); found != nil {
			p.key = found
		}
	}
	switch {
	case parsed == nil:
		return nil, errors.New("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	case p.key == nil:
		return nil, errors.New("comes without an RSA private key; put the key into the same file or give private_key_file")
	}
	public, ok := parsed.PublicKey.(*rsa.PublicKey)
	if !ok || !public.Equal(p.key.Public()) {
		return nil, errors.New("and private key do not belong together")
	}
	sum := sha256.Sum256(parsed.Raw)
	p.thumbprint, p.expires = base64.RawURLEncoding.EncodeToString(sum[:]), parsed.NotAfter
	return p, nil
}

func parseKey(block *pem.Block) *rsa.PrivateKey {
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil
	}
	typed, _ := key.(*rsa.PrivateKey)
	return typed
}

// statement says, signed, who asks for a token:
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (p *prover) statement(client, audience string, now time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodPS256, jwt.MapClaims{
		"iss": client, "sub": client, "aud": audience, "jti": uuid.NewString(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(statementLife).Unix(),
	})
	token.Header["x5t#S256"] = p.thumbprint
	signed, err := token.SignedString(p.key)
	if err != nil {
		return "", fmt.Errorf("signing with the certificate's key: %w", err)
	}
	return signed, nil
}
