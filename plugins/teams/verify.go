package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// clockSkew is how far clocks may differ:
// https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication#bot-to-connector.
const clockSkew = 5 * time.Minute

// channelTeams is what the Bot Framework calls Teams.
const channelTeams = "msteams"

// verifier proves that a callback comes from the Bot Framework, was meant for this bot, and is about one of our tenants.
// The token does not cover the body; what decides is therefore sealed by ourselves, see [plugins.Sealer].
type verifier struct {
	config *Config
	keys   *keyring
	issuer string
	now    func() time.Time
	// services are the addresses that may be answered to.
	services serviceHosts
}

var (
	errUnsigned  = errors.New("the callback carries no token: it does not come from the Bot Framework")
	errOtherBot  = errors.New("the callback is for another bot; compare app_id with the Azure bot")
	errOtherURL  = errors.New("the callback's service address is not the one that its token names")
	errEndorsed  = errors.New("the callback's key may not speak for Teams")
	errChannel   = errors.New("the callback comes from another channel than Teams")
	errTenant    = errors.New("the callback comes from another tenant; see allowed_tenants")
	errForeignTo = errors.New("the callback's service address is not one of Microsoft's for Teams; see service_hosts")
)

// proof is what a valid token says.
type proof struct {
	service      string
	endorsements []string
}

type claims struct {
	jwt.RegisteredClaims
	ServiceURL string `json:"serviceurl"`
}

// token checks the signature, the issuer, for whom the token is, and its time.
func (v *verifier) token(ctx context.Context, header http.Header) (proof, error) {
	scheme, raw, ok := strings.Cut(header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || raw == "" {
		return proof{}, errUnsigned
	}
	var said claims
	var key signingKey
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(v.issuer), jwt.WithAudience(v.config.AppID),
		jwt.WithLeeway(clockSkew), jwt.WithExpirationRequired(), jwt.WithTimeFunc(v.now))
	_, err := parser.ParseWithClaims(raw, &said, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		var err error
		key, err = v.keys.find(ctx, id)
		return key.public, err
	})
	if err != nil {
		return proof{}, explainToken(err)
	}
	return proof{service: said.ServiceURL, endorsements: key.endorsements}, nil
}

// explainToken words the library's error; the token itself is not in it.
func explainToken(err error) error {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		return fmt.Errorf("the callback's token is out of its time; compare this machine's clock: %w", err)
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return errOtherBot
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return fmt.Errorf("the callback's token is forged: %w", err)
	default:
		return fmt.Errorf("the callback's token is no good: %w", err)
	}
}

// activity checks that the token was issued for this activity, and that the activity is for us.
func (v *verifier) activity(p proof, a activity) error {
	switch {
	case a.ChannelID != channelTeams:
		return errChannel
	case !slices.Contains(p.endorsements, a.ChannelID):
		return errEndorsed
	case p.service == "" || strings.TrimSuffix(p.service, "/") != a.service():
		return errOtherURL
	case !strings.EqualFold(a.Recipient.ID, v.config.botID()):
		return errOtherBot
	case !v.config.allows(a.tenant()):
		return errTenant
	case !v.services.allow(a.service()):
		return errForeignTo
	default:
		return nil
	}
}

// serviceHosts are the scheme and host of every address that may be given the bot's token.
type serviceHosts map[string]bool

func newServiceHosts(c *Config) serviceHosts {
	r := c.realm()
	hosts := serviceHosts{}
	for _, host := range slices.Concat(r.hosts, c.ServiceHosts) {
		hosts["https://"+strings.ToLower(host)] = true
	}
	if connector, err := url.Parse(r.Connector.String()); err == nil {
		hosts[connector.Scheme+"://"+strings.ToLower(connector.Host)] = true
	}
	return hosts
}

func (h serviceHosts) allow(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" || parsed.Host == "" {
		return false
	}
	return h[parsed.Scheme+"://"+strings.ToLower(parsed.Host)]
}
