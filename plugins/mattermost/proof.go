package mattermost

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/mattermost/mattermost-server/v6/model"
)

const (
	// triggerLife is how long a trigger id lasts: as long as the server waits for an integration's answer, 30 seconds
	// unless set otherwise: https://docs.mattermost.com/configure/environment-configuration-settings.html.
	triggerLife = 30 * time.Second
	// clockSkew is how far apart the clocks of server and plugin may be.
	clockSkew = 30 * time.Second
	// maxTrigger bounds the trigger ids that are looked at; real ones have about 200 characters.
	maxTrigger = 1024
)

// trigger is what a server signs when somebody clicks: who, and when.
type trigger struct {
	id, user string
	made     time.Time
	signed   []byte
	mac      []byte
}

var (
	errNoTrigger    = errors.New("the callback names no click that Mattermost signed")
	errForged       = errors.New("the callback's click was not signed by this Mattermost server")
	errOtherUser    = errors.New("the callback's click was made by another account")
	errOld          = errors.New("the callback's click is more than a minute old or from the future; compare the clocks of server and plugin")
	errNoServerKey  = errors.New("the server's key for clicks is not known yet, because Mattermost could not be asked")
	errOddServerKey = errors.New("the server's key for clicks cannot be read")
)

// parseTrigger takes a trigger id apart: base64 of "id:user:milliseconds:" and the base64 of an ECDSA signature over that
// text, the last colon included.
func parseTrigger(raw string) (trigger, error) {
	if raw == "" || len(raw) > maxTrigger {
		return trigger{}, errNoTrigger
	}
	text, err := base64.StdEncoding.Strict().DecodeString(raw)
	if err != nil {
		return trigger{}, errNoTrigger
	}
	parts := strings.Split(string(text), ":")
	if len(parts) != 4 || !model.IsValidId(parts[0]) || !model.IsValidId(parts[1]) {
		return trigger{}, errNoTrigger
	}
	millis, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || millis <= 0 {
		return trigger{}, errNoTrigger
	}
	mac, err := base64.StdEncoding.Strict().DecodeString(parts[3])
	if err != nil {
		return trigger{}, errNoTrigger
	}
	return trigger{
		id: parts[0], user: parts[1], made: time.UnixMilli(millis), mac: mac,
		signed: text[:len(text)-len(parts[3])],
	}, nil
}

// provenBy says whether the server with this key signed the trigger.
func (t trigger) provenBy(key *ecdsa.PublicKey) bool {
	sum := sha256.Sum256(t.signed)
	return ecdsa.VerifyASN1(key, sum[:], t.mac)
}

// fits checks that the trigger is this account's and of now.
func (t trigger) fits(user string, now time.Time) error {
	if t.user != user {
		return errOtherUser
	}
	if age := now.Sub(t.made); age > triggerLife+clockSkew || age < -clockSkew {
		return errOld
	}
	return nil
}

// proof is what is known about who clicked.
type proof struct {
	// click is the same for every repeat of a click.
	click string
	// signed says that the server signed it. It is false only where the server publishes no key to check with.
	signed bool
}

// prove checks who clicked. Where the server publishes its key, a signed trigger is required.
func (b *bot) prove(ctx context.Context, user, raw string) (proof, error) {
	if !model.IsValidId(user) {
		return proof{}, errNoTrigger
	}
	known, err := b.server.get(ctx)
	if err != nil {
		b.log.Warn("click could not be proven", "err", failure("asking for the server's key", repeatable, err))
		return proof{}, errNoServerKey
	}
	if !known.publishes {
		return b.unproven(user, raw)
	}
	t, err := parseTrigger(raw)
	if err != nil {
		return proof{}, err
	}
	if known, err = b.provingKey(ctx, known, t); err != nil {
		return proof{}, err
	}
	if !t.provenBy(known.key) {
		return proof{}, errForged
	}
	return proof{click: t.id, signed: true}, t.fits(user, b.now())
}

// provingKey returns the settings to check the trigger with: newer ones if those at hand do not fit, for the server may
// have got a new key.
func (b *bot) provingKey(ctx context.Context, known settings, t trigger) (settings, error) {
	if known.key == nil || !t.provenBy(known.key) {
		fresh, err := b.server.renew(ctx)
		if err == nil {
			known = fresh
		}
	}
	if known.key == nil {
		return settings{}, errOddServerKey
	}
	return known, nil
}

// unproven is all there is on a server that publishes no key: the sealed button alone.
func (b *bot) unproven(user, raw string) (proof, error) {
	b.log.Warn("the server publishes no key to prove clicks with; this one rests on the sealed button alone", "user", user)
	if raw == "" || len(raw) > maxTrigger {
		return proof{}, errNoTrigger
	}
	if t, err := parseTrigger(raw); err == nil {
		return proof{click: t.id}, t.fits(user, b.now())
	}
	return proof{click: raw}, nil
}
