package discordsim

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// Config is the Discord that the stand-in pretends to be.
type Config struct {
	Application Application
	// Token is the bot's.
	Token string
	// SigningSeed is the 32 bytes from which Discord's key for interactions is made.
	SigningSeed []byte
	Users       []User
	Guilds      []Guild
	Channels    []Channel
	// HeartbeatMS is what the Gateway asks for; 0 means 41,250.
	HeartbeatMS int
	// BanAfter is how many refusals in ten minutes ban the bot's address; 0 means 10,000.
	BanAfter int
}

// Application is the app; its bot has the same id.
type Application struct{ ID, Name string }

// User is an account.
type User struct {
	ID, Name, GlobalName string
	Bot                  bool
	// NoDirect takes no direct messages from members of a server.
	NoDirect bool
}

// Guild is a server.
type Guild struct {
	ID, Name, Owner string
	Members         []Member
	// Roles besides @everyone, whose permissions are Everyone.
	Everyone uint64
	Roles    []Role
}

// Member is an account in a server.
type Member struct {
	User  string
	Roles []string
}

// Role carries permissions.
type Role struct {
	ID, Name    string
	Permissions uint64
}

// Channel is a place in a server. Type is Discord's: 0 text, 2 voice, 4 category, 5 announcements, 11 thread, 15 forum.
type Channel struct {
	ID, Guild, Name string
	Type            int
	// Parent is the channel that a thread belongs to.
	Parent     string
	Locked     bool
	Overwrites []Overwrite
}

// Overwrite changes permissions in one channel. Type is 0 for a role, 1 for a member.
type Overwrite struct {
	ID          string
	Type        int
	Allow, Deny uint64
}

// Permissions that matter here.
const (
	Administrator uint64 = 1 << 3
	ViewChannel   uint64 = 1 << 10
	SendMessages  uint64 = 1 << 11
	EmbedLinks    uint64 = 1 << 14
	ReadHistory   uint64 = 1 << 16
	MentionAll    uint64 = 1 << 17
	SendInThreads uint64 = 1 << 38
)

func (c Config) key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(c.SigningSeed) }

// PublicKey is what the developer portal shows.
func (c Config) PublicKey() string {
	public, ok := c.key().Public().(ed25519.PublicKey)
	if !ok {
		return ""
	}
	return hex.EncodeToString(public)
}

// Validate names everything that makes no sense.
func (c Config) Validate() error {
	var problems []error
	if len(c.SigningSeed) != ed25519.SeedSize || c.Token == "" || c.Application.ID == "" {
		problems = append(problems, errors.New("a signing seed of 32 bytes, a token and an application id are needed"))
	}
	known := map[string]bool{}
	for _, u := range c.Users {
		problems = append(problems, fresh(known, "user "+u.ID))
	}
	if !known["user "+c.Application.ID] {
		problems = append(problems, fmt.Errorf("the bot's user %q is not among the users", c.Application.ID))
	}
	for _, g := range c.Guilds {
		problems = append(problems, fresh(known, "guild "+g.ID))
		for _, m := range g.Members {
			if !known["user "+m.User] {
				problems = append(problems, fmt.Errorf("member %q of guild %s is not among the users", m.User, g.ID))
			}
		}
	}
	for _, ch := range c.Channels {
		problems = append(problems, fresh(known, "channel "+ch.ID))
		if !known["guild "+ch.Guild] {
			problems = append(problems, fmt.Errorf("channel %s is in no guild", ch.ID))
		}
	}
	return errors.Join(problems...)
}

func fresh(known map[string]bool, what string) error {
	if known[what] {
		return fmt.Errorf("%s is there twice", what)
	}
	known[what] = true
	return nil
}

func (g Guild) member(user string) (Member, bool) {
	at := slices.IndexFunc(g.Members, func(m Member) bool { return m.User == user })
	if at < 0 {
		return Member{}, false
	}
	return g.Members[at], true
}
