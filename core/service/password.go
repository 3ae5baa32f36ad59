package service

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// Parameters of argon2id as OWASP's password storage guidance gives them: 19 MiB, two passes, one lane.
const (
	argonMemory  = 19 * 1024
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

var errPasswordHash = errors.New("stored password hash is damaged")

// hashPassword returns an argon2id hash in PHC form.
func hashPassword(password string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonThreads, encode(salt), encode(key)), nil
}

// checkPassword says whether the password belongs to the hash. It takes as long as hashing does.
func checkPassword(hash, password string) (bool, error) {
	var version int
	var memory, passes uint32
	var lanes uint8
	var rest string
	_, err := fmt.Sscanf(hash, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &memory, &passes, &lanes, &rest)
	if err != nil || version != argon2.Version {
		return false, errPasswordHash
	}
	salt, key, err := saltAndKey(rest)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, argonKey)
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

func saltAndKey(text string) (salt, key []byte, err error) {
	for i, b := range []byte(text) {
		if b != '$' {
			continue
		}
		salt, err = base64.RawStdEncoding.DecodeString(text[:i])
		if err != nil {
			return nil, nil, errPasswordHash
		}
		key, err = base64.RawStdEncoding.DecodeString(text[i+1:])
		if err != nil || len(key) != argonKey {
			return nil, nil, errPasswordHash
		}
		return salt, key, nil
	}
	return nil, nil, errPasswordHash
}
