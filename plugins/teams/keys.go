package teams

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	// keysFresh is how long keys are believed, keysStale how long while they cannot be fetched anew:
	// https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication.
	keysFresh = 24 * time.Hour
	keysStale = 5 * 24 * time.Hour
	// refetchFloor is how often an unknown key makes the keys be fetched at most, retryFloor how often a failure does.
	refetchFloor = 5 * time.Minute
	retryFloor   = 5 * time.Second
	minKeyBits   = 2048
)

// signingKey is a key of the Bot Framework. Endorsements are the channels that it may speak for.
type signingKey struct {
	public       *rsa.PublicKey
	endorsements []string
}

// keyring knows the keys that sign callbacks.
type keyring struct {
	http   *http.Client
	openid string
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex
	known   map[string]signingKey
	fetched time.Time
	tried   time.Time
	failed  bool
}

func newKeyring(openid string, client *http.Client, now func() time.Time, log *slog.Logger) *keyring {
	return &keyring{http: client, openid: openid, now: now, log: log}
}

var errUnknownKey = errors.New("the callback is signed with a key that is not one of the Bot Framework's")

// find returns a key by its id. An id that is not known makes the keys be fetched, not too often.
func (k *keyring) find(ctx context.Context, id string) (signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.fetched)
	found, ok := k.known[id]
	if ok && age < keysFresh {
		return found, nil
	}
	if err := k.refetch(ctx); err != nil && (!ok || age >= keysStale) {
		return signingKey{}, err
	}
	if found, ok = k.known[id]; !ok {
		return signingKey{}, errUnknownKey
	}
	return found, nil
}

// refetch fetches the keys unless that was tried a moment ago. The lock must be held.
func (k *keyring) refetch(ctx context.Context) error {
	floor := refetchFloor
	if k.failed {
		floor = retryFloor
	}
	if !k.tried.IsZero() && k.now().Sub(k.tried) < floor {
		return nil
	}
	k.tried = k.now()
	fresh, err := k.fetch(ctx)
	k.failed = err != nil
	if err != nil {
		k.log.Warn("keys of the Bot Framework could not be fetched", "err", err)
		return err
	}
	k.known, k.fetched = fresh, k.now()
	return nil
}

func (k *keyring) fetch(ctx context.Context) (map[string]signingKey, error) {
	var description struct {
		Keys string `json:"jwks_uri"`
	}
	if err := k.get(ctx, k.openid, &description); err != nil {
		return nil, err
	}
	if !sameHost(k.openid, description.Keys) {
		return nil, errors.New("the description of the keys leads to another host")
	}
	var set keySet
	if err := k.get(ctx, description.Keys, &set); err != nil {
		return nil, err
	}
	return set.usable()
}

func sameHost(one, other string) bool {
	a, errA := url.Parse(one)
	b, errB := url.Parse(other)
	return errA == nil && errB == nil && a.Host == b.Host && a.Scheme == b.Scheme && a.Host != ""
}

func (k *keyring) get(ctx context.Context, address string, into any) error {
	request, err := newRequest(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := k.http.Do(request)
	if err := vendorhttp.Failure("fetching the Bot Framework's keys", vendorhttp.Repeatable, response, err); err != nil {
		if response != nil {
			_ = response.Body.Close()
		}
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("reading the Bot Framework's keys: %w", err)
	}
	return nil
}

// keySet is a set of keys as the Bot Framework publishes it: RFC 7517 with endorsements.
type keySet struct {
	Keys []struct {
		Type         string   `json:"kty"`
		ID           string   `json:"kid"`
		Modulus      string   `json:"n"`
		Exponent     string   `json:"e"`
		Endorsements []string `json:"endorsements"`
	} `json:"keys"`
}

// usable returns the RSA keys by their ids; keys of other kinds and weak ones are left out.
func (s keySet) usable() (map[string]signingKey, error) {
	out := map[string]signingKey{}
	for _, published := range s.Keys {
		public, ok := rsaKey(published.Modulus, published.Exponent)
		if ok && published.Type == "RSA" && published.ID != "" {
			out[published.ID] = signingKey{public: public, endorsements: published.Endorsements}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the Bot Framework publishes no usable key")
	}
	return out, nil
}

func rsaKey(modulus, exponent string) (*rsa.PublicKey, bool) {
	n, errN := base64.RawURLEncoding.DecodeString(modulus)
	e, errE := base64.RawURLEncoding.DecodeString(exponent)
	if errN != nil || errE != nil || len(n)*8 < minKeyBits || len(n) > 2048 || len(e) == 0 || len(e) > 4 {
		return nil, false
	}
	power := int(new(big.Int).SetBytes(e).Int64())
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: power}, power > 2 && power%2 == 1
}
