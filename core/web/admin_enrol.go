package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/enrol"
	"github.com/accede/accede/core/web/ui"
)

func (s *site) enrolRoutes() {
	s.admin("GET "+adminPath+"/connect", nameOwn)
	s.admin("GET "+pluginsPath+"/{name}/connect", showConnect)
	s.admin("POST "+pluginsPath+"/{name}/configuration", writeConfiguration)
	s.admin("POST "+pluginsPath+"/{name}/credential", makeCredential)
}

// connectView is the way from nothing to a plugin that runs.
type connectView struct {
	pluginView
	answers enrol.Answers
	// config is the configuration, once it was asked for; needs are the secrets it looks for.
	config string
	needs  []enrol.Need
	faults []enrol.Fault
}

// nameOwn leads to the steps for a plugin that is not in the list.
func nameOwn(v *visit) error {
	name := v.r.URL.Query().Get("name")
	if !broker.ValidPluginName(name) {
		v.flash(ui.Bad, "That cannot be a plugin's name; use lower-case letters and digits, at most 32, beginning with a letter.")
		return v.redirect(pluginsPath)
	}
	return v.redirect(pluginsPath + "/" + name + "/connect")
}

func showConnect(v *visit) error {
	plugin, err := v.readPlugin()
	if err != nil {
		return err
	}
	return v.showConnect(http.StatusOK, connectView{pluginView: plugin, answers: plugin.Defaults()})
}

func (v *visit) showConnect(status int, view connectView) error {
	page := screen{title: "Connect " + view.Title, status: status, content: connectPluginPage(view), scripts: []string{htmxScript, "parts.js"}}
	if len(view.faults) > 0 {
		page.notices = []ui.Notice{{Tone: ui.Bad, Text: "The file cannot be written yet. " + faultText(view.faults)}}
	}
	return v.render(page)
}

func faultText(faults []enrol.Fault) string {
	messages := make([]string, len(faults))
	for i, fault := range faults {
		messages[i] = fault.Message
	}
	return strings.Join(messages, " ")
}

// writeConfiguration shows the configuration for the answers given, or sends it to be kept.
func writeConfiguration(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	plugin, err := v.readPlugin()
	if err != nil {
		return err
	}
	view := connectView{pluginView: plugin, answers: answersIn(plugin.Vendor, values)}
	if view.faults = plugin.Check(view.answers); len(view.faults) > 0 {
		return v.showConnect(http.StatusUnprocessableEntity, view)
	}
	view.config = plugin.Config(view.answers)
	if values.Get("as") == "file" {
		return v.download(plugin.File(), "application/yaml", view.config)
	}
	view.needs = plugin.Needs(view.answers)
	return v.showConnect(http.StatusOK, view)
}

// answersIn reads the form. A question that the form does not have keeps its default.
func answersIn(vendor enrol.Vendor, values url.Values) enrol.Answers {
	answers := vendor.Defaults()
	for name := range answers {
		if given, ok := values[name]; ok && len(given) > 0 {
			answers[name] = strings.TrimSpace(newlines(given[0]))
		}
	}
	return answers
}

// makeCredential registers the plugin and sends its credential, this once. A plugin that is registered gets another one
// only if the form says that it is to replace the first.
func makeCredential(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	plugin, err := v.readPlugin()
	if err != nil {
		return err
	}
	if plugin.status != nil && values.Get("replace") != "yes" {
		return core.Refuse(v1.CodeConflict, "%s has a credential already. If it is lost, make a new one on the plugin's page; the old "+
			"one then stops working.", plugin.Title)
	}
	credential, err := v.Service.AddPlugin(v.ctx(), v.actor, v1.PluginInput{Name: plugin.Name})
	if err != nil {
		return err
	}
	return v.download(plugin.CredentialFile(), "application/octet-stream", credential.Credential)
}

// choices turns the choices of a question into those of a form.
func choices(question enrol.Question) []ui.Choice {
	all := make([]ui.Choice, len(question.Choices))
	for i, choice := range question.Choices {
		all[i] = ui.Choice(choice)
	}
	return all
}

// wrong says whether a question's answer is why no file was written.
func (c connectView) wrong(name string) bool {
	for _, fault := range c.faults {
		if fault.Name == name {
			return true
		}
	}
	return false
}

// part is some of the questions, under a title if they depend on another answer.
type part struct {
	title     string
	only      enrol.Only
	questions []enrol.Question
}

// parts puts questions together that depend on the same answer.
func (c connectView) parts() (all []part) {
	for _, question := range c.All() {
		var only enrol.Only
		if len(question.Only) > 0 {
			only = question.Only[0]
		}
		if last := len(all) - 1; last >= 0 && all[last].only == only {
			all[last].questions = append(all[last].questions, question)
			continue
		}
		all = append(all, part{c.answerText(only), only, []enrol.Question{question}})
	}
	return all
}

// answerText is how the page puts an answer.
func (c connectView) answerText(only enrol.Only) string {
	for _, question := range c.All() {
		for _, choice := range question.Choices {
			if question.Name == only.Name && choice.Value == only.Answer {
				return choice.Text
			}
		}
	}
	return ""
}

func writeLabel(view connectView) string {
	if view.config != "" {
		return "Write it anew"
	}
	return "Write " + view.File()
}

// input is the field of a question.
func (c connectView) input(question enrol.Question) ui.Input {
	hint := question.Hint
	if question.Example != "" {
		hint = strings.TrimSpace(hint + " Such as " + question.Example)
	}
	field := ui.Input{Name: question.Name, Label: question.Label, Hint: hint, Value: c.answers[question.Name], More: templ.Attributes{}}
	if question.Kind == enrol.Text && len(question.Choices) == 0 {
		field.More = plainText()
	}
	if c.wrong(question.Name) {
		field.More["aria-invalid"] = "true"
	}
	return field
}

// arrivalAttributes let the page look again until the plugin has come, and take over that its credential was made.
func arrivalAttributes(view connectView) templ.Attributes {
	attributes := templ.Attributes{}
	if len(view.alive()) == 0 {
		attributes["hx-trigger"] = "every 3s"
	}
	if view.status == nil {
		attributes["hx-select-oob"] = "#credential"
	}
	return attributes
}

// commands are what to type where the plugin is to run.
func commands(view connectView) string {
	lines := []string{view.Binary() + " check --config " + view.File()}
	if view.Package != "" {
		lines = append(lines, view.Binary()+" "+view.Package+" --config "+view.File()+" "+view.Binary()+".zip")
	}
	return strings.Join(append(lines, view.Binary()+" start --config "+view.File()), "\n")
}

func waitingText(view connectView) string {
	if view.status == nil {
		return "It needs its credential first."
	}
	return "Nothing was heard of " + view.Binary() + " yet."
}
