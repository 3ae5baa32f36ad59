package archtest

import (
	"path"
	"slices"
	"strings"
)

// rule says what the packages that match may import of this module. Patterns are matched segment by segment: "*" is
// any one segment, a final "..." any rest including none, and "{own}" the
// plugin's name, which stands for the same in the package and in what it may import.
//
// The first rule that matches a package counts, so the special stand before the general. A package may always import
// itself (its external tests do).
type rule struct {
	packages []string
	may      []string // in every file
	tests    []string // in _test.go files besides
	std      bool     // nothing outside the standard library and the module, tests aside
	why      string   // completes "…, because"
}

// rules is the table of who may import whom.
//
//nolint:gochecknoglobals // a table that nobody changes
var rules = []rule{
	{
		packages: []string{"api/..."},
		may:      []string{"api/..."},
		std:      true,
		why:      "the vocabulary must be usable by any process and any outside program without our dependencies",
	},
	{
		packages: []string{"client/..."},
		may:      []string{"api/...", "client/..."},
		tests:    []string{"internal/...", "core/httpapi/..."},
		why:      "the client is for outside programs: it knows the HTTP API and nothing behind it",
	},
	{
		packages: []string{"core", "core/policy/..."},
		may:      []string{"api/...", "core", "core/policy/...", "internal/clock"},
		tests:    []string{"internal/..."},
		why:      "the domain is pure: same inputs, same answer",
	},
	{
		packages: []string{"core/app/..."},
		may:      []string{"api/...", "internal/...", "broker/...", "core/..."},
		why:      "the core knows no vendor",
	},
	{
		packages: []string{"core/..."},
		may:      []string{"api/...", "internal/...", "broker", "core/..."},
		tests:    []string{"broker/..."},
		why:      "the core knows no vendor, and only core/app chooses the broker",
	},
	{
		packages: []string{"broker/..."},
		may:      []string{"api/...", "broker/...", "internal/..."},
		why:      "the broker carries messages and knows neither core nor plugins",
	},
	{
		packages: []string{"plugins"},
		may:      []string{"api/...", "internal/clock"},
		tests:    []string{"internal/..."},
		why:      "the contract is what plugin authors read first and must not drag machinery in",
	},
	{
		packages: []string{"plugins/catalog"},
		may:      []string{"plugins/..."},
		tests:    []string{"internal/..."},
		why:      "the catalog only lists",
	},
	{
		packages: []string{"plugins/host/..."},
		may:      []string{"api/...", "internal/...", "broker", "broker/jetstream", "plugins", "plugins/vendorhttp", "plugins/host/..."},
		tests:    []string{"broker/...", "plugins/plugintest"},
		why:      "the host runs any plugin and knows none",
	},
	{
		packages: []string{"plugins/plugintest/..."},
		may:      []string{"api/...", "internal/...", "broker", "plugins", "plugins/vendorhttp", "plugins/host/...", "plugins/standin/..."},
		why:      "the suite runs a plugin under the real host and knows no vendor",
	},
	{
		packages: []string{"plugins/vendorhttp/...", "plugins/wording/...", "plugins/standin/..."},
		may:      []string{"api/...", "internal/...", "plugins", "plugins/vendorhttp/...", "plugins/wording/...", "plugins/standin/..."},
		why:      "what all plugins share knows none of them",
	},
	{
		packages: []string{"plugins/{own}/cmd/..."},
		may:      []string{"plugins/host", "plugins/{own}"},
		why:      "a plugin's main only hands its plugin to the host",
	},
	{
		packages: []string{"plugins/{own}/{own}sim/..."},
		may:      []string{"api/...", "internal/...", "plugins/standin/...", "plugins/{own}/{own}sim/..."},
		why:      "a stand-in behaves like the vendor, not like our client of it",
	},
	{
		packages: []string{"plugins/{own}/..."},
		may:      []string{"api/...", "internal/...", "plugins", "plugins/vendorhttp", "plugins/wording", "plugins/{own}/..."},
		tests:    []string{"plugins/plugintest", "plugins/standin", "plugins/{own}/{own}sim/..."},
		why:      "a plugin knows its vendor and the contract: no broker, no core, no other plugin, no host",
	},
	{
		packages: []string{"cmd/acceded/..."},
		may:      []string{"api/...", "internal/...", "broker/...", "core/...", "cmd/acceded/..."},
		why:      "the core's main knows no vendor",
	},
	{
		packages: []string{"cmd/accede/..."},
		may:      []string{"api/...", "client/...", "internal/...", "cmd/accede/..."},
		tests:    []string{"core/httpapi/..."},
		why:      "the command line goes through the HTTP API like everybody else",
	},
	{
		packages: []string{"test/pages"},
		may:      []string{"internal/...", "test/..."},
		tests:    []string{"core/signin/signintest", "plugins/standin"},
		why:      "the pages are looked at from outside, with an OpenID provider beside them",
	},
	{
		packages: []string{"cmd/...", "test/..."},
		may: []string{
			"api/...", "client/...", "internal/...", "broker/...", "core/app", "plugins", "plugins/catalog",
			"plugins/host", "plugins/standin/...", "test/...",
		},
		why: "whole-system programs reach core through core/app and plugins through plugins/catalog",
	},
	{
		packages: []string{"internal/..."},
		may:      []string{"internal/..."},
		why:      "internal holds tools without a domain",
	},
}

// testOnly are packages that nothing but tests may import, wherever a rule allows their folder.
//
//nolint:gochecknoglobals // as above
var testOnly = []string{
	"internal/eventually", "internal/archtest", "internal/secret/secrettest", "internal/obs/obstest",
	"broker/brokertest", "core/store/storetest", "core/httpapi/httpapitest", "core/signin/signintest",
	"plugins/plugintest", "plugins/host/hosttest",
}

// owners are modules outside that only certain packages may import, so that their types spread no further.
//
//nolint:gochecknoglobals // as above
var owners = []struct {
	module string
	may    []string
	tests  []string
	fix    string
}{
	{
		"github.com/nats-io/nats.go",
		[]string{"broker/jetstream"},
		[]string{"broker/..."},
		"go through package broker",
	},
	{
		"github.com/nats-io/nats-server/v2",
		[]string{"broker/embedded"},
		[]string{"broker/..."},
		"go through package broker/embedded",
	},
	{
		"github.com/coreos/go-oidc/v3",
		[]string{"core/signin"},
		nil,
		"go through package core/signin",
	},
	{
		"github.com/go-webauthn/webauthn",
		[]string{"core/signin"},
		[]string{"core/signin/..."},
		"go through package core/signin",
	},
	{"github.com/stretchr/testify", nil, nil, "use the testing package with go-cmp"},
}

// matchAny reports whether any pattern matches the package, with own standing for "{own}" if it is known.
func matchAny(patterns []string, packagePath, own string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		_, ok := match(p, packagePath, own)
		return ok
	})
}

// match reports whether pattern matches packagePath, and what "{own}" stood for.
func match(pattern, packagePath, own string) (string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(packagePath, "/")
	for i, segment := range want {
		if segment == "..." {
			return own, true
		}
		if i >= len(have) {
			return own, false
		}
		if segment == "{own}" && own == "" {
			own = have[i]
			continue
		}
		if ok, err := path.Match(strings.ReplaceAll(segment, "{own}", own), have[i]); err != nil || !ok {
			return own, false
		}
	}
	return own, len(want) == len(have)
}

// ruleFor returns the rule for a package and the plugin's name in it.
func ruleFor(packagePath string) (found rule, own string, ok bool) {
	for _, candidate := range rules {
		for _, pattern := range candidate.packages {
			if own, ok := match(pattern, packagePath, ""); ok {
				return candidate, own, true
			}
		}
	}
	return rule{}, "", false
}
