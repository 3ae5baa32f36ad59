package embedded_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"testing"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/embedded"
	"github.com/accede/accede/broker/jetstream"
)

func TestPluginConnectsOverTLS(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	credential, publicKey, err := broker.NewCredential("slack", "")
	if err != nil {
		t.Fatal(err)
	}
	server := start(t, embedded.Options{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", Plugins: map[string]string{"slack": publicKey},
		TLS: &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS13},
	})
	core, err := server.Connect(t.Context(), nil)
	if err != nil {
		t.Fatalf("connecting the core in process: %v", err)
	}
	defer core.Close()
	credential.Broker = server.Address()
	if conn, err := jetstream.Connect(t.Context(), jetstream.Options{Credential: credential}); err == nil {
		conn.Close()
		t.Error("connected to a server whose certificate nobody vouches for")
	}
	conn, err := jetstream.Connect(t.Context(), jetstream.Options{
		Credential: credential, TLS: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS13},
	})
	if err != nil {
		t.Fatalf("connecting with the right authority: %v", err)
	}
	defer conn.Close()
	if err := conn.Ready(); err != nil {
		t.Error(err)
	}
}
