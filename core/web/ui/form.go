package ui

import (
	"strings"

	"github.com/a-h/templ"
)

// Input describes a field of a form.
type Input struct {
	// Name is the field's name and its id.
	Name  string
	Label string
	// Hint, if any, says more than the label.
	Hint  string
	Value string
	// Problem, if any, says what is wrong with the value.
	Problem string
	// Kind is the type of an input; empty is text.
	Kind     string
	Required bool
	// More are further attributes, such as autocomplete.
	More templ.Attributes
}

// Choice is one entry of a choice.
type Choice struct {
	Value string
	Text  string
}

func (i Input) kind() string {
	if i.Kind == "" {
		return "text"
	}
	return i.Kind
}

func (i Input) attributes() templ.Attributes {
	all := templ.Attributes{}
	var told []string
	if i.Hint != "" {
		told = append(told, i.Name+"-hint")
	}
	if i.Problem != "" {
		told = append(told, i.Name+"-problem")
		all["aria-invalid"] = "true"
	}
	if len(told) > 0 {
		all["aria-describedby"] = strings.Join(told, " ")
	}
	for name, value := range i.More {
		all[name] = value
	}
	return all
}

func current(here bool) templ.Attributes {
	if !here {
		return nil
	}
	return templ.Attributes{"aria-current": "page"}
}

// noticeRole lets bad news be read out at once, and other news when there is a pause.
func noticeRole(tone Tone) string {
	if tone == Bad {
		return "alert"
	}
	return "status"
}
