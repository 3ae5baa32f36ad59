package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) adminUser() *cobra.Command {
	return group("user", "Administer people and service users",
		a.userAdd(), a.userSet(), a.userList(), a.userShow(), a.userSwitch("disable", true), a.userSwitch("enable", false),
		a.userPassword())
}

// personFlags are the flags that describe a person; only those that are given count.
type personFlags struct {
	displayName, email, passwordFile string
	roles, traits                    []string
	admin, service                   bool
}

func (f *personFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.displayName, "display-name", "", "what to call them")
	flags.StringVar(&f.email, "email", "", "e-mail address")
	flags.StringSliceVar(&f.roles, "roles", nil, "the roles they hold; replaces all they held")
	flags.StringArrayVar(&f.traits, "trait", nil, "a trait as key=value,value; replaces all they had; may be repeated")
	flags.BoolVar(&f.admin, "admin", false, "whether they administer")
	flags.BoolVar(&f.service, "service", false, "whether it is a service user, not a human")
	flags.StringVar(&f.passwordFile, "password-file", "", "file with their password, - for stdin")
}

// input takes what was given on the command line.
func (f *personFlags) input(a *app, c *cobra.Command) (v1.PersonInput, error) {
	var input v1.PersonInput
	given := c.Flags().Changed
	if given("display-name") {
		input.DisplayName = &f.displayName
	}
	if given("email") {
		input.Email = &f.email
	}
	if given("roles") {
		input.Roles = &f.roles
	}
	if given("admin") {
		input.Admin = &f.admin
	}
	if given("service") {
		kind := v1.KindHuman
		if f.service {
			kind = v1.KindService
		}
		input.Kind = &kind
	}
	if given("trait") {
		traits, err := parseTraits(f.traits)
		if err != nil {
			return v1.PersonInput{}, err
		}
		input.Traits = &traits
	}
	if given("password-file") {
		password, err := a.readSecret(f.passwordFile)
		if err != nil {
			return v1.PersonInput{}, err
		}
		input.Password = &password
	}
	return input, nil
}

func parseTraits(given []string) (map[string][]string, error) {
	traits := map[string][]string{}
	for _, trait := range given {
		key, values, ok := strings.Cut(trait, "=")
		if !ok || key == "" {
			return nil, usage("--trait is key=value,value, not %q.", trait)
		}
		traits[key] = append(traits[key], strings.Split(values, ",")...)
	}
	return traits, nil
}

func (a *app) userAdd() *cobra.Command {
	var described personFlags
	c := &cobra.Command{
		Use: "add NAME", Short: "Add a person or a service user", Args: exactly("NAME"),
		Example: "  accede admin user add alice --email=alice@example.com --roles=contractor --password-file=-",
	}
	described.add(c)
	c.RunE = func(command *cobra.Command, args []string) error {
		return a.savePerson(command, args, described, "is added", (*client.Client).AddPerson)
	}
	return c
}

func (a *app) userSet() *cobra.Command {
	var described personFlags
	c := &cobra.Command{
		Use: "set NAME", Short: "Change what is given and leave the rest", Args: exactly("NAME"),
		Example: "  accede admin user set alice --roles=contractor,oncall\n  accede admin user set alice --admin=false",
	}
	described.add(c)
	c.RunE = func(command *cobra.Command, args []string) error {
		if command.Flags().NFlag() == 0 {
			return usage("Say what to change: `accede admin user set --help` lists it.")
		}
		return a.savePerson(command, args, described, "is changed", (*client.Client).ChangePerson)
	}
	return c
}

// save is AddPerson or ChangePerson.
type save func(c *client.Client, ctx context.Context, name string, input v1.PersonInput) (v1.Person, error)

func (a *app) savePerson(command *cobra.Command, args []string, described personFlags, done string, write save) error {
	input, err := described.input(a, command)
	if err != nil {
		return err
	}
	return a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		person, err := write(c, ctx, args[0], input)
		if err != nil {
			return err
		}
		return a.print(person, func(w io.Writer) { row(w, shown(person.Ref())+" "+done+".") })
	})(command, args)
}

func (a *app) userSwitch(verb string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME", Short: "Let a person do nothing any more, or again: " + verb, Args: exactly("NAME"),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			person, err := c.ChangePerson(ctx, args[0], v1.PersonInput{Disabled: &disabled})
			if err != nil {
				return err
			}
			return a.print(person, func(w io.Writer) { row(w, shown(person.Ref())+" is "+verb+"d.") })
		}),
	}
}

func (a *app) userPassword() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "password NAME", Short: "Set a password; everybody who has one may change it", Args: exactly("NAME"),
	}
	c.Flags().StringVar(&file, "password-file", "", "file with the new password, - for stdin")
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		password, err := a.newPassword(ctx, file)
		if err != nil {
			return err
		}
		person, err := c.ChangePerson(ctx, args[0], v1.PersonInput{Password: &password})
		if err != nil {
			return err
		}
		return a.print(person, func(w io.Writer) { row(w, "The password of "+shown(person.Ref())+" is set.") })
	})
	return c
}

func (a *app) newPassword(ctx context.Context, file string) (string, error) {
	password, err := a.password(ctx, "New password", file)
	if err != nil || file != "" {
		return password, err
	}
	again, err := a.promptSecret(ctx, "Once more", "--password-file")
	if err != nil {
		return "", err
	}
	if password != again {
		return "", usage("The two passwords differ; nothing was changed.")
	}
	return password, nil
}

func (a *app) userList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List people", Args: exactly(),
		RunE: a.calling(func(ctx context.Context, c *client.Client, _ []string) error { return a.listPeople(ctx, c) }),
	}
}

func (a *app) listPeople(ctx context.Context, c *client.Client) error {
	found, err := c.People(ctx)
	if err != nil {
		return err
	}
	return a.print(found, func(w io.Writer) {
		row(w, "NAME", "E-MAIL", "ROLES", "KIND", "RIGHTS")
		for _, p := range found {
			row(w, p.Name, dash(p.Email), dash(strings.Join(p.Roles, ",")), string(p.Kind), rights(p))
		}
	})
}

func rights(p v1.Person) string {
	switch {
	case p.Disabled:
		return "disabled"
	case p.Admin:
		return "administrator"
	default:
		return "-"
	}
}

func (a *app) userShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show a person", Args: exactly("NAME"),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			p, err := c.Person(ctx, args[0])
			if err != nil {
				return err
			}
			return a.print(p, func(w io.Writer) { personTable(w, p) })
		}),
	}
}

func personTable(w io.Writer, p v1.Person) {
	row(w, "Name:", p.Name)
	row(w, "Called:", dash(p.DisplayName))
	row(w, "E-mail:", dash(p.Email))
	row(w, "Kind:", string(p.Kind))
	row(w, "Roles:", dash(strings.Join(p.Roles, ", ")))
	for _, key := range slices.Sorted(maps.Keys(p.Traits)) {
		row(w, "Trait:", key+" = "+strings.Join(p.Traits[key], ", "))
	}
	row(w, "Rights:", rights(p))
	row(w, "Created:", when(p.Created))
}
