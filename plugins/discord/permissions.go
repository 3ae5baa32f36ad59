package discord

import (
	"slices"
	"strconv"
)

// permission is a bit of Discord's and what for: https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags.
type permission struct {
	bit       uint64
	name, use string
	// threads says that it is only needed in threads.
	threads bool
}

const (
	bitAdministrator uint64 = 1 << 3
	bitView          uint64 = 1 << 10
	bitSend          uint64 = 1 << 11
	bitEmbed         uint64 = 1 << 14
	bitHistory       uint64 = 1 << 16
	bitSendInThreads uint64 = 1 << 38
)

func permissions() []permission {
	return []permission{
		{bit: bitView, name: "View Channel", use: "see the channel"},
		{bit: bitSend, name: "Send Messages", use: "post cards"},
		{bit: bitSendInThreads, name: "Send Messages in Threads", use: "post cards in a thread", threads: true},
		{bit: bitEmbed, name: "Embed Links", use: "show the card below its title"},
		{bit: bitHistory, name: "Read Message History", use: "reply to cards, and find a card again after a crash instead of posting it twice"},
	}
}

// bits are permissions as Discord writes them: a number in a string.
type bits string

func (b bits) value() uint64 {
	value, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return 0
	}
	return value
}

type role struct {
	ID          string `json:"id"`
	Permissions bits   `json:"permissions"`
}

// overwrite changes permissions in one channel, for a role (type 0) or a member (type 1).
type overwrite struct {
	ID    string `json:"id"`
	Type  int    `json:"type"`
	Allow bits   `json:"allow"`
	Deny  bits   `json:"deny"`
}

// permissionsIn works out what a member may do in a channel, in Discord's order:
// https://discord.com/developers/docs/topics/permissions#permission-overwrites.
func permissionsIn(s server, m member, r room) uint64 {
	if s.OwnerID == m.User.ID {
		return ^uint64(0)
	}
	var have uint64
	for _, role := range s.Roles {
		if role.ID == s.ID || slices.Contains(m.Roles, role.ID) {
			have |= role.Permissions.value()
		}
	}
	if have&bitAdministrator != 0 {
		return ^uint64(0)
	}
	var allow, deny uint64
	var own overwrite
	for _, o := range r.Overwrites {
		switch {
		case o.ID == s.ID:
			have = have&^o.Deny.value() | o.Allow.value()
		case o.Type == 0 && slices.Contains(m.Roles, o.ID):
			allow, deny = allow|o.Allow.value(), deny|o.Deny.value()
		case o.Type == 1 && o.ID == m.User.ID:
			own = o
		}
	}
	have = have&^deny | allow
	return have&^own.Deny.value() | own.Allow.value()
}
