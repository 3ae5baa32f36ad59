package emailsim

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// The keys are made from these words, so that every sandbox has the same authority and a configuration can name it before
// the sandbox runs. They protect nothing, and nothing but a sandbox's plugin trusts them.
const (
	authorityWords = "the authority of the accede sandbox"
	strangerWords  = "an authority that nobody trusts"
	serverWords    = "the mail server of the accede sandbox"
)

func keyOf(words string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(words))
	return ed25519.NewKeyFromSeed(seed[:])
}

func lifetime() (from, until time.Time) {
	return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2125, 1, 1, 0, 0, 0, 0, time.UTC)
}

func authority(words string) *x509.Certificate {
	from, until := lifetime()
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: words}, NotBefore: from, NotAfter: until, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
}

// CertificateAuthority is the certificate, in PEM, that vouches for the stand-in's. It is the same in every sandbox.
func CertificateAuthority() string {
	template, key := authority(authorityWords), keyOf(authorityWords)
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// serverTLS makes the server's certificate, for this machine's names, the sandbox's in a compose network, and the host it
// listens on.
func serverTLS(kind, host string) (*tls.Config, error) {
	words := authorityWords
	if kind == "stranger" {
		words = strangerWords
	}
	from, until := lifetime()
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "mail.sandbox"}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost", "sandbox"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip := net.ParseIP(host); ip != nil {
		leaf.IPAddresses = append(leaf.IPAddresses, ip)
	} else if host != "" {
		leaf.DNSNames = append(leaf.DNSNames, host)
	}
	if kind == "other" {
		leaf.DNSNames, leaf.IPAddresses = []string{"mail.elsewhere.example"}, nil
	}
	key := keyOf(serverWords)
	der, err := x509.CreateCertificate(nil, leaf, authority(words), key.Public(), keyOf(words))
	if err != nil {
		return nil, fmt.Errorf("making the server's certificate: %w", err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12,
	}, nil
}
