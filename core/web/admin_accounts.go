package web

import (
	"slices"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/enrol"
	"github.com/accede/accede/core/web/ui"
)

func addLink(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	person, err := v.named()
	if err != nil {
		return err
	}
	identity := identityIn(values.Get)
	_, err = v.Service.AddLink(v.ctx(), v.actor, v1.Link{Identity: identity, Person: person.Name})
	if err != nil {
		return v.refuseOnPerson(person, formOf(person), err)
	}
	v.flash(ui.Good, "The account is connected.")
	return v.redirect(personPath(person.Name))
}

// identityIn reads an account out of a form.
func identityIn(get func(string) string) v1.Identity {
	return v1.Identity{
		Plugin: strings.TrimSpace(get("plugin")), Tenant: strings.TrimSpace(get("tenant")), User: strings.TrimSpace(get("user")),
	}
}

func removePersonLink(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	person, err := v.named()
	if err != nil {
		return err
	}
	identity := v1.Identity{Plugin: values.Get("plugin"), Tenant: values.Get("tenant"), User: values.Get("user")}
	links, err := v.Service.Links(v.ctx(), v.actor, person.Name)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(links, func(l v1.Link) bool { return l.Identity == identity }) {
		err = core.Refuse(v1.CodeNotFound, "%s has no such account connected any more.", person.Ref().Shown())
	} else {
		err = v.Service.RemoveLink(v.ctx(), v.actor, identity)
	}
	return v.done(personPath(person.Name), "The account is disconnected.", err)
}

func endPersonSession(v *visit) error {
	person, err := v.named()
	if err != nil {
		return err
	}
	id := v.r.PathValue("id")
	tokens, err := v.Service.Tokens(v.ctx(), v.actor, person.Name)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(tokens, func(t v1.Token) bool { return t.ID == id }) {
		err = core.Refuse(v1.CodeNotFound, "%s has no such session any more.", person.Ref().Shown())
	} else {
		err = v.Service.RevokeToken(v.ctx(), v.actor, id)
	}
	return v.done(personPath(person.Name), "That session is ended.", err)
}

// accountTitle is what an account is an account of.
func accountTitle(link v1.Link) string {
	if link.Plugin == v1.SignInProvider {
		return "Sign-in provider"
	}
	return vendorTitle(link.Plugin)
}

// vendorTitle is what people call the vendor of a plugin.
func vendorTitle(plugin string) string {
	vendor, _ := enrol.Find(plugin)
	return vendor.Title
}

// pluginChoices are the plugins in which accounts can be connected.
func pluginChoices(names []string) []ui.Choice {
	all := make([]ui.Choice, len(names))
	for i, name := range names {
		all[i] = ui.Choice{Value: name, Text: vendorTitle(name)}
	}
	return all
}
