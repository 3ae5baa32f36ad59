package core

import "time"

// PasskeyRecord is a person's passkey.
type PasskeyRecord struct {
	// ID is the credential's id, in unpadded base64url.
	ID     string
	Person string
	// Title is what the person calls it.
	Title             string
	Created, LastUsed time.Time
	// Credential is what is needed to check a sign-in, as JSON: the public key, counters and flags.
	Credential []byte
}

// PasskeyReader reads passkeys.
type PasskeyReader interface {
	Passkey(id string) (PasskeyRecord, error)
	// Passkeys lists a person's passkeys, oldest first.
	Passkeys(person string) ([]PasskeyRecord, error)
}

// PasskeyTx writes passkeys.
type PasskeyTx interface {
	// InsertPasskey gives [ErrConflict] if there is one with this id.
	InsertPasskey(passkey PasskeyRecord) error
	// UsePasskey replaces the credential after a sign-in.
	UsePasskey(id string, credential []byte, used time.Time) error
	DeletePasskey(id string) error
}
