package httpapitest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// People lists everybody.
func (c *Core) People(_ context.Context, actor core.Actor) ([]v1.Person, error) {
	leave, err := c.admin(actor)
	defer leave()
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(c.people))
	var people []v1.Person
	for _, name := range names {
		people = append(people, c.people[name])
	}
	return people, nil
}

// Person shows somebody.
func (c *Core) Person(_ context.Context, actor core.Actor, name string) (v1.Person, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.Person{}, err
	}
	if !actor.Person.Admin && name != actor.Person.Name {
		return v1.Person{}, core.Refuse(v1.CodeForbidden, "Only an administrator may see what belongs to somebody else.")
	}
	person, ok := c.people[name]
	if !ok {
		return v1.Person{}, missing("person", name)
	}
	return person, nil
}

// SavePerson creates or changes somebody.
func (c *Core) SavePerson(_ context.Context, actor core.Actor, name string, input v1.PersonInput) (v1.Person, error) {
	leave, err := c.admin(actor)
	defer leave()
	if err != nil {
		return v1.Person{}, err
	}
	person, ok := c.people[name]
	if !ok {
		person = v1.Person{Name: name, Kind: v1.KindHuman, Created: c.Now(), Roles: []string{}}
	}
	set(&person.DisplayName, input.DisplayName)
	set(&person.Email, input.Email)
	set(&person.Kind, input.Kind)
	set(&person.Roles, input.Roles)
	set(&person.Traits, input.Traits)
	set(&person.Admin, input.Admin)
	set(&person.Disabled, input.Disabled)
	c.people[name] = person
	return person, nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// Roles lists the roles.
func (c *Core) Roles(context.Context, core.Actor) ([]v1.Role, error) {
	leave, err := c.enter()
	defer leave()
	return slices.Clone(c.roles), err
}

// Role shows a role.
func (c *Core) Role(_ context.Context, _ core.Actor, name string) (v1.Role, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.Role{}, err
	}
	at := c.role(name)
	if at < 0 {
		return v1.Role{}, missing("role", name)
	}
	return c.roles[at], nil
}

func (c *Core) role(name string) int {
	return slices.IndexFunc(c.roles, func(r v1.Role) bool { return r.Metadata.Name == name })
}

// DeleteRole deletes a role.
func (c *Core) DeleteRole(_ context.Context, actor core.Actor, name string) error {
	leave, err := c.admin(actor)
	defer leave()
	if err != nil {
		return err
	}
	at := c.role(name)
	if at < 0 {
		return missing("role", name)
	}
	c.roles = slices.Delete(c.roles, at, at+1)
	return nil
}

// Apply takes the first "name: x" of each document for an empty role, with a diff and a warning; documents without one
// are refused together.
func (c *Core) Apply(_ context.Context, actor core.Actor, input v1.ApplyInput) (v1.ApplyResult, error) {
	leave, err := c.admin(actor)
	defer leave()
	if err != nil {
		return v1.ApplyResult{}, err
	}
	var result v1.ApplyResult
	refusal := core.Refuse(v1.CodeInvalid, "The documents have faults; nothing was applied.")
	for _, document := range input.Documents {
		_, rest, ok := strings.Cut(document.YAML, "name: ")
		if !ok {
			fault := v1.Fault{Location: document.Name + ":1:1", Message: "this is neither a role nor a user"}
			refusal.Faults = append(refusal.Faults, fault)
			continue
		}
		name, _, _ := strings.Cut(rest, "\n")
		result.Applied = append(result.Applied, c.applyRole(name, input.DryRun))
	}
	if len(refusal.Faults) > 0 {
		return v1.ApplyResult{}, refusal
	}
	return result, nil
}

func (c *Core) applyRole(name string, dryRun bool) v1.Applied {
	applied := v1.Applied{Kind: v1.RoleKind, Name: name, Change: "unchanged"}
	if c.role(name) >= 0 {
		return applied
	}
	if !dryRun {
		c.roles = append(c.roles, v1.Role{Kind: v1.RoleKind, Version: v1.RoleVersion, Metadata: v1.Metadata{Name: name}})
	}
	applied.Change, applied.Diff = "created", "@@ -0,0 +1,2 @@\n+metadata:\n+  name: "+name+"\n"
	applied.Warnings = []string{"kept, but without effect in Accede: spec.allow.logins"}
	return applied
}

// Tokens lists somebody's tokens.
func (c *Core) Tokens(_ context.Context, _ core.Actor, person string) ([]v1.Token, error) {
	leave, err := c.enter()
	defer leave()
	var tokens []v1.Token
	for _, token := range c.tokens {
		if token.Person == person {
			tokens = append(tokens, token)
		}
	}
	slices.SortFunc(tokens, func(a, b v1.Token) int { return strings.Compare(a.ID, b.ID) })
	return tokens, err
}

// CreateToken makes a token.
func (c *Core) CreateToken(_ context.Context, actor core.Actor, input v1.TokenInput) (v1.SecretToken, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.SecretToken{}, err
	}
	owner := input.Person
	if owner == "" {
		owner = actor.Person.Name
	}
	return c.issue(owner, input.Title, max(input.TTL.Std(), time.Hour)), nil
}

// RevokeToken forgets a token.
func (c *Core) RevokeToken(_ context.Context, _ core.Actor, id string) error {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return err
	}
	for secret, token := range c.tokens {
		if token.ID == id {
			delete(c.tokens, secret)
			return nil
		}
	}
	return missing("token", id)
}

// Links lists links.
func (c *Core) Links(_ context.Context, _ core.Actor, person string) ([]v1.Link, error) {
	leave, err := c.enter()
	defer leave()
	var links []v1.Link
	for _, link := range c.links {
		if person == "" || link.Person == person {
			links = append(links, link)
		}
	}
	return links, err
}

// ClaimLink knows [LinkCode].
func (c *Core) ClaimLink(_ context.Context, actor core.Actor, claim v1.LinkClaim) (v1.LinkClaimed, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.LinkClaimed{}, err
	}
	if claim.Code != LinkCode {
		return v1.LinkClaimed{}, core.Refuse(v1.CodeNotFound, "That code is unknown, used or older than 15 minutes.")
	}
	identity := v1.Identity{Plugin: "slack", Tenant: "T0ACCEDE", User: "U0CAROL"}
	claimed := v1.LinkClaimed{Identity: identity, UserName: "carol", Expires: c.Now().Add(time.Minute), Linked: claim.Confirm}
	if claim.Confirm {
		c.links = append(c.links, v1.Link{Identity: identity, Person: actor.Person.Name, Created: c.Now(), CreatedBy: actor.Person.Name})
	}
	return claimed, nil
}

// AddLink adds a link.
func (c *Core) AddLink(_ context.Context, actor core.Actor, link v1.Link) (v1.Link, error) {
	leave, err := c.admin(actor)
	defer leave()
	if err != nil {
		return v1.Link{}, err
	}
	if _, ok := c.people[link.Person]; !ok {
		return v1.Link{}, missing("person", link.Person)
	}
	link.Created, link.CreatedBy = c.Now(), actor.Person.Name
	c.links = append(c.links, link)
	return link, nil
}

// RemoveLink removes a link.
func (c *Core) RemoveLink(_ context.Context, _ core.Actor, identity v1.Identity) error {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(c.links, func(l v1.Link) bool { return l.Identity == identity })
	if at < 0 {
		return missing("link", identity.User)
	}
	c.links = slices.Delete(c.links, at, at+1)
	return nil
}

// Plugins lists plugins.
func (c *Core) Plugins(_ context.Context, actor core.Actor) ([]v1.PluginStatus, error) {
	leave, err := c.admin(actor)
	defer leave()
	return slices.Clone(c.plugins), err
}

// AddPlugin registers a plugin.
func (c *Core) AddPlugin(_ context.Context, actor core.Actor, input v1.PluginInput) (v1.PluginCredential, error) {
	leave, err := c.admin(actor)
	defer leave()
	if err != nil {
		return v1.PluginCredential{}, err
	}
	c.plugins = append(c.plugins, v1.PluginStatus{Name: input.Name, Created: c.Now()})
	return v1.PluginCredential{Plugin: input.Name, Credential: `{"plugin":"` + input.Name + `","seed":"SECRETSEED"}` + "\n"}, nil
}

func (c *Core) plugin(name string) (*v1.PluginStatus, error) {
	at := slices.IndexFunc(c.plugins, func(p v1.PluginStatus) bool { return p.Name == name })
	if at < 0 {
		return nil, missing("plugin", name)
	}
	return &c.plugins[at], nil
}

// RemovePlugin removes a plugin.
func (c *Core) RemovePlugin(_ context.Context, actor core.Actor, name string) error {
	leave, err := c.admin(actor)
	defer leave()
	if err != nil {
		return err
	}
	if _, err := c.plugin(name); err != nil {
		return err
	}
	c.plugins = slices.DeleteFunc(c.plugins, func(p v1.PluginStatus) bool { return p.Name == name })
	return nil
}

// RetryDeliveries takes deliveries off the parked list.
func (c *Core) RetryDeliveries(_ context.Context, actor core.Actor, plugin, id string) (int, error) {
	return c.unpark(actor, plugin, id)
}

// DropDelivery takes one delivery off the parked list.
func (c *Core) DropDelivery(_ context.Context, actor core.Actor, plugin, id string) error {
	_, err := c.unpark(actor, plugin, id)
	return err
}

func (c *Core) unpark(actor core.Actor, plugin, id string) (int, error) {
	leave, err := c.admin(actor)
	defer leave()
	if err != nil {
		return 0, err
	}
	status, err := c.plugin(plugin)
	if err != nil {
		return 0, err
	}
	before := len(status.Parked)
	status.Parked = slices.DeleteFunc(slices.Clone(status.Parked), func(d v1.Delivery) bool { return id == "" || d.ID == id })
	if id != "" && len(status.Parked) == before {
		return 0, missing("parked delivery", id)
	}
	return before - len(status.Parked), nil
}
