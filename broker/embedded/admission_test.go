package embedded_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/brokertest"
	"github.com/accede/accede/broker/jetstream"
	"github.com/accede/accede/internal/eventually"
)

func stranger(t *testing.T, b *brokertest.Broker, name string) broker.Credential {
	t.Helper()
	credential, _, err := broker.NewCredential(name, b.Server.Address())
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	known := b.Credential(t, "slack")
	unknown := stranger(t, b, "slack")
	_, publicKey, err := broker.NewCredential("slack", "")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]nats.Option{
		"no credential":     nil,
		"a password":        {nats.UserInfo("core", "core")},
		"a token":           {nats.Token("core")},
		"an unknown seed":   {nats.Nkey(publicKey, unknown.Sign)},
		"an empty key":      {nats.Nkey("", known.Sign)},
		"another signature": {nats.Nkey(publicOf(t, known), unknown.Sign)},
		"an old signature":  {nats.Nkey(publicOf(t, known), func([]byte) ([]byte, error) { return known.Sign([]byte("old nonce")) })},
		"no signature":      {nats.Nkey(publicOf(t, known), func([]byte) ([]byte, error) { return nil, nil })},
	}
	for name, options := range tests {
		conn, err := nats.Connect(b.Server.Address(), append(options, nats.MaxReconnects(0))...)
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("connecting with %s: got error %v, want %v", name, err, nats.ErrAuthorization)
		}
	}
	connectRaw(t, known).sync(t)
}

func publicOf(t *testing.T, credential broker.Credential) string {
	t.Helper()
	public, err := credential.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func TestNameInCredentialGivesNoRights(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	posing := b.Credential(t, "slack")
	posing.Plugin = "jira"
	conn, err := jetstream.Connect(t.Context(), jetstream.Options{Credential: posing})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Publish(t.Context(), broker.Message{Subject: broker.ActionSubject("jira", "r1"), ID: "a"})
	if !errors.Is(err, broker.ErrDenied) {
		t.Errorf("deciding under the name in the credential: got %v, want %v", err, broker.ErrDenied)
	}
}

func TestRemovedPluginIsCutOff(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack", "jira")
	slack, jira := rawPlugin(t, b, "slack"), rawPlugin(t, b, "jira")
	if err := b.Server.RemovePlugin("slack"); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, brokertest.Patience, "slack to be disconnected", slack.IsClosed)
	if _, err := dial(b.Credential(t, "slack")); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("connecting after removal: got %v, want %v", err, nats.ErrAuthorization)
	}
	jira.sync(t)
	b.Restart(t)
	if _, err := dial(b.Credential(t, "slack")); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("connecting after a restart: got %v, want %v", err, nats.ErrAuthorization)
	}
	rawPlugin(t, b, "jira").sync(t)
}

func TestReplacedKeyIsRefused(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack")
	old := b.Credential(t, "slack")
	before := connectRaw(t, old)
	b.AddPlugin(t, "slack")
	eventually.True(t, brokertest.Patience, "the old key's connection to end", before.IsClosed)
	if _, err := dial(old); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("connecting with the old key: got %v, want %v", err, nats.ErrAuthorization)
	}
	rawPlugin(t, b, "slack").sync(t)
}

func TestConnectWithUnknownSeedIsDeniedAtOnce(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t)
	begin := time.Now()
	_, err := jetstream.Connect(t.Context(), jetstream.Options{Credential: stranger(t, b, "slack")})
	if !errors.Is(err, broker.ErrDenied) {
		t.Fatalf("got %v, want %v", err, broker.ErrDenied)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestConnectBeforeTheBrokerRuns(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t, "slack")
	b.Stop(t)
	conn := b.Plugin(t, "slack")
	if err := conn.Ready(); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Ready: got %v, want %v", err, broker.ErrUnavailable)
	}
	b.Resume(t)
	select {
	case <-conn.Reconnected():
	case <-time.After(brokertest.Patience):
		t.Fatal("the late connection was not notified")
	}
	if err := conn.Ready(); err != nil {
		t.Errorf("Ready: %v", err)
	}
}

func TestConnectBeforeTheBrokerRunsWithUnknownSeed(t *testing.T) {
	t.Parallel()
	b := brokertest.Start(t)
	b.Stop(t)
	conn, err := jetstream.Connect(t.Context(), jetstream.Options{Credential: stranger(t, b, "slack")})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b.Resume(t)
	err = conn.Consume(context.Background(), broker.EventStream, "plugin-slack", 2, nil)
	if !errors.Is(err, broker.ErrDenied) || !errors.Is(conn.Ready(), broker.ErrDenied) {
		t.Errorf("Consume: %v, Ready: %v, want %v", err, conn.Ready(), broker.ErrDenied)
	}
}
