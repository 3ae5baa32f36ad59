package web

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// The fields that something can be wrong with. Each is the name of an input, too.
const (
	whatField      = "find"
	resourceField  = "name"
	reasonField    = "reason"
	durationField  = "duration"
	startField     = "start"
	reviewersField = "others"
)

// problems say by field what is wrong with it.
type problems map[string]string

// askForm is what the form for a request holds. It is not checked: whatever was typed is shown again.
type askForm struct {
	roles     []string
	resources []v1.Resource
	// find is what to look for among the roles; kind and name are those of a resource to be added.
	find, kind, name string

	reason, duration, start, zone string
	// reviewers are names or addresses, ticked or typed.
	reviewers []string
	// said tells those who cannot see it what the last button did.
	said string
}

func readAskForm(values url.Values) (askForm, error) {
	form := askForm{
		find: values.Get(whatField), kind: values.Get("kind"), name: values.Get(resourceField), reason: newlines(values.Get(reasonField)),
		duration: values.Get(durationField), start: values.Get(startField), zone: values.Get("zone"),
	}
	form.add(values["role"]...)
	form.reviewers = append(form.reviewers, values["reviewer"]...)
	form.reviewers = append(form.reviewers, splitNames(values.Get(reviewersField))...)
	for _, text := range values["resource"] {
		var resource v1.Resource
		if err := json.Unmarshal([]byte(text), &resource); err != nil {
			return askForm{}, core.Refuse(v1.CodeInvalid, "The form did not arrive whole. Go back and send it again.")
		}
		form.resources = append(form.resources, resource)
	}
	return form, nil
}

// splitNames reads a list of names or addresses as people write it.
func splitNames(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
}

// again is the form for the same as an older request. When it should begin is not taken over, because it has passed.
func again(older v1.Request, zone string) askForm {
	form := askForm{resources: older.Resources, reason: older.Reason, zone: zone}
	if len(older.Resources) == 0 {
		form.roles = older.Roles
	}
	if older.MaxDuration > 0 {
		form.duration = older.MaxDuration.String()
	}
	for _, reviewer := range older.SuggestedReviewers {
		form.reviewers = append(form.reviewers, reviewer.Name)
	}
	return form
}

func (f *askForm) add(names ...string) {
	for _, name := range names {
		if name != "" && !slices.Contains(f.roles, name) {
			f.roles = append(f.roles, name)
		}
	}
}

func (f *askForm) drop(name string) {
	f.roles = slices.DeleteFunc(f.roles, func(chosen string) bool { return chosen == name })
}

func (f *askForm) addResource(wrong problems) {
	resource := v1.Resource{Kind: strings.TrimSpace(f.kind), Name: strings.TrimSpace(f.name)}
	if resource.Kind == "" || resource.Name == "" {
		wrong[resourceField] = "Write both what kind of thing it is and its name."
		return
	}
	f.resources = append(f.resources, resource)
	f.name, f.said = "", resource.Name+" is added."
}

func (f *askForm) dropResource(index string) {
	at, err := strconv.Atoi(index)
	if err != nil || at < 0 || at >= len(f.resources) {
		return
	}
	f.said = f.resources[at].Name + " is removed."
	f.resources = slices.Delete(slices.Clone(f.resources), at, at+1)
}

func (f *askForm) empty() bool { return len(f.roles) == 0 && len(f.resources) == 0 }

// input is what the form asks for, as far as it can be read.
func (f *askForm) input() (v1.RequestInput, problems) {
	wrong := problems{}
	input := v1.RequestInput{Roles: f.roles, Resources: f.resources, Reason: f.reason, SuggestedReviewers: f.reviewers}
	var err error
	if input.MaxDuration, err = durationOf(f.duration); err != nil {
		wrong[durationField] = err.Error()
	}
	if input.AssumeStart, err = startOf(f.start, f.zone); err != nil {
		wrong[startField] = err.Error()
	}
	return input, wrong
}

// encoded is a resource as the form carries it.
func encoded(resource v1.Resource) string {
	text, err := json.Marshal(resource)
	if err != nil { // texts always encode
		return "{}"
	}
	return string(text)
}
