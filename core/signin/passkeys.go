package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ceremonyLife is how long somebody may take with their passkey.
const ceremonyLife = 5 * time.Minute

// ErrPasskey says that a passkey did not prove who its owner is.
var ErrPasskey = errors.New("the passkey was not taken")

// Owner is somebody with passkeys.
type Owner struct {
	// Name is the owner's stable name; Shown is what passkey managers list.
	Name, Shown string
	// Credentials are the passkeys as [Passkey] holds them.
	Credentials [][]byte
}

// Passkey is what is kept of a passkey.
type Passkey struct {
	// ID is the credential's id in unpadded base64url.
	ID string
	// Credential is what checks a sign-in, as JSON.
	Credential []byte
}

// Passkeys adds passkeys and signs in with them. Only passkeys that verify their owner are taken, because nothing else is
// asked for. It is safe for concurrent use.
type Passkeys struct {
	party *webauthn.WebAuthn
	open  *once[webauthn.SessionData]
}

// PasskeysPossible says whether browsers take passkeys at an address: it needs a host name, and HTTPS unless it is
// localhost.
func PasskeysPossible(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Hostname() == "" || net.ParseIP(parsed.Hostname()) != nil {
		return false
	}
	return parsed.Scheme == "https" || parsed.Hostname() == "localhost"
}

// NewPasskeys makes passkeys for the site at a public address, see [PasskeysPossible].
func NewPasskeys(address string, now func() time.Time) (*Passkeys, error) {
	if now == nil {
		now = time.Now
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("reading public address: %w", err)
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID: parsed.Hostname(), RPDisplayName: "Accede", RPOrigins: []string{parsed.Scheme + "://" + parsed.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("preparing passkeys for %s: %w", address, err)
	}
	return &Passkeys{party: party, open: newOnce[webauthn.SessionData](ceremonyLife, now)}, nil
}

// BeginAdd returns what the browser has to be asked, as JSON, and the key that ends it.
func (p *Passkeys) BeginAdd(owner Owner) (options []byte, key string, err error) {
	known, err := newKeyring(owner)
	if err != nil {
		return nil, "", err
	}
	asked, session, err := p.party.BeginRegistration(known, webauthn.WithExclusions(known.credentials.CredentialDescriptors()))
	if err != nil {
		return nil, "", fmt.Errorf("preparing passkey: %w", err)
	}
	return p.begun(asked, session)
}

// FinishAdd checks what the browser answered and returns the new passkey.
func (p *Passkeys) FinishAdd(owner Owner, key string, answer []byte) (Passkey, error) {
	session, ok := p.open.take(key)
	if !ok {
		return Passkey{}, ErrAttemptUnknown
	}
	known, err := newKeyring(owner)
	if err != nil {
		return Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Passkey{}, refusedBy(err)
	}
	credential, err := p.party.CreateCredential(known, session, parsed)
	if err != nil {
		return Passkey{}, refusedBy(err)
	}
	return encoded(credential)
}

// BeginSignIn returns what the browser has to be asked, as JSON, and the key that ends it. Nobody has to say who they are.
func (p *Passkeys) BeginSignIn() (options []byte, key string, err error) {
	asked, session, err := p.party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, "", fmt.Errorf("preparing sign-in with passkey: %w", err)
	}
	return p.begun(asked, session)
}

// FinishSignIn checks what the browser answered and returns the passkey that was used, as it is to be kept from now on.
// Find looks up the owner of a passkey by its id.
func (p *Passkeys) FinishSignIn(key string, answer []byte, find func(id string) (Owner, error)) (Passkey, error) {
	session, ok := p.open.take(key)
	if !ok {
		return Passkey{}, ErrAttemptUnknown
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Passkey{}, refusedBy(err)
	}
	var lookup error
	_, credential, err := p.party.ValidatePasskeyLogin(func(id, _ []byte) (webauthn.User, error) {
		owner, err := find(base64.RawURLEncoding.EncodeToString(id))
		if err != nil {
			lookup = err
			return nil, err
		}
		return newKeyring(owner)
	}, session, parsed)
	if lookup != nil {
		return Passkey{}, lookup
	}
	if err != nil {
		return Passkey{}, refusedBy(err)
	}
	if credential.Authenticator.CloneWarning {
		return Passkey{}, fmt.Errorf("%w: its counter went back, as a copy's would", ErrPasskey)
	}
	return encoded(credential)
}

func (p *Passkeys) begun(asked any, session *webauthn.SessionData) (options []byte, key string, err error) {
	if options, err = json.Marshal(asked); err != nil {
		return nil, "", fmt.Errorf("encoding options: %w", err)
	}
	key, err = p.open.put(*session)
	return options, key, err
}

func encoded(credential *webauthn.Credential) (Passkey, error) {
	text, err := json.Marshal(credential)
	if err != nil {
		return Passkey{}, fmt.Errorf("encoding passkey: %w", err)
	}
	return Passkey{ID: base64.RawURLEncoding.EncodeToString(credential.ID), Credential: text}, nil
}

// refusedBy keeps why a passkey was refused, for the log.
func refusedBy(err error) error {
	if detailed, ok := errors.AsType[*protocol.Error](err); ok {
		return fmt.Errorf("%w: %s (%s)", ErrPasskey, detailed.Details, detailed.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrPasskey, err)
}

// keyring is an owner as the library sees them.
type keyring struct {
	owner       Owner
	credentials webauthn.Credentials
}

var _ webauthn.User = (*keyring)(nil)

func newKeyring(owner Owner) (*keyring, error) {
	ring := &keyring{owner: owner}
	for _, text := range owner.Credentials {
		var credential webauthn.Credential
		if err := json.Unmarshal(text, &credential); err != nil {
			return nil, fmt.Errorf("reading passkey of %s: %w", owner.Name, err)
		}
		ring.credentials = append(ring.credentials, credential)
	}
	return ring, nil
}

// WebAuthnID is the handle by which authenticators keep an owner. It is derived from the name, which never changes, and
// does not give it away to who only sees the handle.
func (k *keyring) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("owner of passkeys\x00" + k.owner.Name))
	return sum[:]
}

// WebAuthnName is the owner's stable name.
func (k *keyring) WebAuthnName() string { return k.owner.Name }

// WebAuthnDisplayName is how the owner is shown.
func (k *keyring) WebAuthnDisplayName() string { return k.owner.Shown }

// WebAuthnCredentials are the owner's passkeys.
func (k *keyring) WebAuthnCredentials() []webauthn.Credential { return k.credentials }
