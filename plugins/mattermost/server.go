package mattermost

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"sync"
	"time"
)

const (
	// settingsFresh is how long the server's settings are believed.
	settingsFresh = 10 * time.Minute
	// settingsAgain is how soon they may be asked for anew: a flood of forged clicks must not become a flood of questions.
	settingsAgain = 30 * time.Second
)

// settings is what the server says about itself.
type settings struct {
	// publishes says that there is a key to prove clicks with; key is nil if it cannot be read.
	publishes bool
	key       *ecdsa.PublicKey
	siteURL   string
	version   string
	// editLimit says that posts can be edited for a while only.
	editLimit bool
}

// server knows the settings of the Mattermost server.
type server struct {
	api *api
	now func() time.Time

	mu    sync.Mutex
	known *settings
	asked time.Time
}

func newServer(client *api, now func() time.Time) *server { return &server{api: client, now: now} }

// get returns the settings, from memory if the server was asked lately or cannot be asked.
func (s *server) get(ctx context.Context) (settings, error) {
	return s.atMost(ctx, settingsFresh)
}

// renew asks again, unless that was done just now.
func (s *server) renew(ctx context.Context) (settings, error) {
	return s.atMost(ctx, settingsAgain)
}

func (s *server) atMost(ctx context.Context, age time.Duration) (settings, error) {
	s.mu.Lock()
	known, asked := s.known, s.asked
	s.mu.Unlock()
	if known != nil && s.now().Sub(asked) < age {
		return *known, nil
	}
	got, err := s.api.settings(ctx)
	if err != nil {
		if known != nil {
			return *known, nil
		}
		return settings{}, err
	}
	fresh := newSettings(got)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known, s.asked = &fresh, s.now()
	return fresh, nil
}

func newSettings(got map[string]string) settings {
	encoded := got["AsymmetricSigningPublicKey"]
	limit := got["PostEditTimeLimit"]
	return settings{
		publishes: encoded != "", key: parseKey(encoded), siteURL: got["SiteURL"], version: got["Version"],
		editLimit: limit != "" && limit != "-1",
	}
}

// parseKey reads a published key, nil if it is none.
func parseKey(encoded string) *ecdsa.PublicKey {
	der, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil
	}
	key, _ := parsed.(*ecdsa.PublicKey) // another kind of key is as good as none
	return key
}
