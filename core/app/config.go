package app

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"time"

	"github.com/accede/accede/internal/config"
)

// Config is the core's configuration file.
type Config struct {
	// DataDir holds everything that must not be lost, and the broker's files.
	DataDir string       `yaml:"data_dir"`
	HTTP    HTTPConfig   `yaml:"http"`
	Broker  BrokerConfig `yaml:"broker"`
	// SessionTTL is how long a sign-in lasts.
	SessionTTL config.Duration `yaml:"session_ttl"`
	SignIn     SignInConfig    `yaml:"sign_in"`
	Log        LogConfig       `yaml:"log"`
}

// HTTPConfig is where the API listens.
type HTTPConfig struct {
	Listen string `yaml:"listen"`
	// PublicURL is the address under which people reach the core; cards link to it.
	PublicURL config.Address `yaml:"public_url"`
	// TrustedProxies are the addresses and networks whose X-Forwarded-For is believed.
	TrustedProxies []Network `yaml:"trusted_proxies"`
}

// Network is an address, or a network such as 10.0.0.0/8.
type Network struct{ netip.Prefix }

// UnmarshalText reads either.
func (n *Network) UnmarshalText(text []byte) error {
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		var address netip.Addr
		if address, err = netip.ParseAddr(string(text)); err != nil {
			return fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
		}
		prefix = netip.PrefixFrom(address, address.BitLen())
	}
	n.Prefix = prefix.Masked()
	return nil
}

func (h HTTPConfig) trusted() []netip.Prefix {
	prefixes := make([]netip.Prefix, len(h.TrustedProxies))
	for i, network := range h.TrustedProxies {
		prefixes[i] = network.Prefix
	}
	return prefixes
}

// BrokerConfig is where plugins connect.
type BrokerConfig struct {
	Listen string `yaml:"listen"`
	// Advertise is the address written into plugins' credentials, if it is not the one listened on.
	Advertise config.Address `yaml:"advertise"`
}

// LogConfig is how the core logs.
type LogConfig struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// NewConfig returns the defaults.
func NewConfig() *Config {
	return &Config{
		DataDir:    "data",
		HTTP:       HTTPConfig{Listen: "127.0.0.1:4180"},
		Broker:     BrokerConfig{Listen: "127.0.0.1:4222"},
		SessionTTL: config.Duration(12 * time.Hour),
		SignIn:     newSignInConfig(),
	}
}

// Validate returns everything that is wrong with the configuration.
func (c *Config) Validate() error {
	var problems config.Problems
	problems.Check(c.DataDir != "", "data_dir", "is missing; name the directory for the core's data")
	checkListen(&problems, "http.listen", c.HTTP.Listen)
	checkListen(&problems, "broker.listen", c.Broker.Listen)
	checkAddress(&problems, "http.public_url", c.HTTP.PublicURL, "http", "https")
	checkAddress(&problems, "broker.advertise", c.Broker.Advertise, "nats", "tls")
	problems.Check(c.SessionTTL > 0, "session_ttl", "must be more than nothing, for example 12h")
	c.SignIn.validate(&problems, c.HTTP.PublicURL)
	return problems.Err()
}

func checkListen(problems *config.Problems, path, address string) {
	_, _, err := net.SplitHostPort(address)
	problems.Check(err == nil, path, "must be host:port, such as 127.0.0.1:4180, not %q", address)
}

func checkAddress(problems *config.Problems, path string, address config.Address, schemes ...string) {
	if address == "" {
		return
	}
	parsed, err := url.Parse(string(address))
	ok := err == nil && parsed.Host != "" && (parsed.Scheme == schemes[0] || parsed.Scheme == schemes[1])
	problems.Check(ok, path, "must be an address that begins with %s:// or %s://, not %q", schemes[0], schemes[1], address)
}

func (c *Config) brokerDir() string { return filepath.Join(c.DataDir, "broker") }

// AdminFile is where the first administrator's credential is written, in the data directory.
const AdminFile = "admin.json"

func (c *Config) adminFile() string { return filepath.Join(c.DataDir, AdminFile) }
