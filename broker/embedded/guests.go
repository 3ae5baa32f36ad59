package embedded

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/accede/accede/broker"
)

// guests decides who may connect, and as what. It is the list of credentials; accounts and permissions follow from it.
type guests struct {
	core string // public key of the core's own connections

	// admission is held for reading while a client is let in, so that a removal finds everybody who got in before it.
	admission sync.RWMutex
	keys      map[string]string // plugin → public key
	names     map[string]string // public key → plugin

	// running is nil while the server is stopped.
	running *server.Server
	settled map[string]*server.Account // plugin → its account in running
}

var _ server.Authentication = (*guests)(nil)

func newGuests(core string, plugins map[string]string) (*guests, error) {
	g := &guests{core: core, keys: make(map[string]string), names: make(map[string]string)}
	for plugin, publicKey := range plugins {
		if err := g.list(plugin, publicKey); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// list enters a plugin into the tables. The admission lock must be held unless nobody else knows the guests yet.
func (g *guests) list(plugin, publicKey string) error {
	if !broker.ValidPluginName(plugin) {
		return fmt.Errorf("registering plugin %q: not a plugin's name", plugin)
	}
	if !broker.ValidPublicKey(publicKey) {
		return fmt.Errorf("registering plugin %q: not a public key", plugin)
	}
	if owner, taken := g.names[publicKey]; taken && owner != plugin {
		return fmt.Errorf("registering plugin %q: its key is that of plugin %q", plugin, owner)
	}
	delete(g.names, g.keys[plugin])
	g.keys[plugin], g.names[publicKey] = publicKey, plugin
	return nil
}

// moveInto gives every plugin an account in a server that has not started yet.
func (g *guests) moveInto(running *server.Server) error {
	g.admission.Lock()
	defer g.admission.Unlock()
	g.running, g.settled = running, make(map[string]*server.Account)
	for plugin := range maps.Keys(g.keys) {
		if err := g.settle(plugin); err != nil {
			return err
		}
	}
	return nil
}

func (g *guests) moveOut() {
	g.admission.Lock()
	defer g.admission.Unlock()
	g.running, g.settled = nil, nil
}

// settle makes a plugin's account unless it has one. The admission lock must be held.
func (g *guests) settle(plugin string) error {
	if g.running == nil || g.settled[plugin] != nil {
		return nil
	}
	account, err := settle(g.running, plugin)
	if err != nil {
		return fmt.Errorf("making the account of plugin %q: %w", plugin, err)
	}
	g.settled[plugin] = account
	return nil
}

func (g *guests) add(plugin, publicKey string) error {
	g.admission.Lock()
	defer g.admission.Unlock()
	replaced := g.keys[plugin] != publicKey
	if err := g.list(plugin, publicKey); err != nil {
		return err
	}
	if err := g.settle(plugin); err != nil {
		return err
	}
	if replaced {
		return g.disconnect(plugin)
	}
	return nil
}

func (g *guests) remove(plugin string) error {
	g.admission.Lock()
	defer g.admission.Unlock()
	delete(g.names, g.keys[plugin])
	delete(g.keys, plugin)
	return g.disconnect(plugin)
}

// disconnect ends the connections of a plugin. The admission lock must be held for writing.
func (g *guests) disconnect(plugin string) error {
	if g.running == nil || g.settled[plugin] == nil {
		return nil
	}
	connections, err := g.running.Connz(&server.ConnzOptions{Account: accountName(plugin), Limit: maxConnections})
	if err != nil {
		return fmt.Errorf("listing connections of plugin %q: %w", plugin, err)
	}
	for _, connection := range connections.Conns {
		// It may have gone by itself meanwhile, which is as good.
		_ = g.running.DisconnectClientByID(connection.Cid)
	}
	return nil
}

// maxConnections bounds the connections listed at a time; a plugin has one per replica.
const maxConnections = 1 << 16

// Check lets a client in whose signature of the server's nonce belongs to a listed key.
func (g *guests) Check(client server.ClientAuthentication) bool {
	options := client.GetOpts()
	if client.Kind() != server.CLIENT || !signed(options, client.GetNonce()) {
		return false
	}
	g.admission.RLock()
	defer g.admission.RUnlock()
	user, err := g.user(options.Nkey)
	if err != nil {
		return false
	}
	client.RegisterUser(user)
	return true
}

func signed(options *server.ClientOpts, nonce []byte) bool {
	if options.Nkey == "" || len(nonce) == 0 {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(options.Sig)
	if err != nil {
		return false
	}
	return broker.VerifySignature(options.Nkey, nonce, signature)
}

// user returns what the owner of a key may do. The admission lock must be held.
func (g *guests) user(publicKey string) (*server.User, error) {
	if g.running == nil {
		return nil, errors.New("server is stopped")
	}
	if publicKey == g.core {
		account, err := g.running.LookupAccount(coreAccount)
		if err != nil {
			return nil, fmt.Errorf("finding the core's account: %w", err)
		}
		return &server.User{Username: "core", Account: account}, nil
	}
	plugin, known := g.names[publicKey]
	if !known {
		return nil, errors.New("unknown key")
	}
	return &server.User{Username: plugin, Account: g.settled[plugin], Permissions: permissions(plugin)}, nil
}

// AddPlugin lets the owner of publicKey connect as a plugin, at once and until RemovePlugin. A plugin that was there
// with another key loses that key and its connections. The list is kept in memory only: the core names all plugins
// again when it starts the server.
func (s *Server) AddPlugin(name, publicKey string) error { return s.guests.add(name, publicKey) }

// RemovePlugin ends a plugin's connections and refuses new ones. That there is no such plugin is fine.
func (s *Server) RemovePlugin(name string) error { return s.guests.remove(name) }
