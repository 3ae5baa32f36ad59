package enrol

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The questions that are asked for every plugin.
const (
	Recipients = "role_to_recipients"
	Decisions  = "decisions"
	Listen     = "http.listen"
	Keep       = "secrets"
)

// Where secrets are kept.
const (
	KeepFiles = "files"
	KeepEnv   = "environment"
)

const linkOnly = "link_only"

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 4096

// Answers are what was answered, by question.
type Answers map[string]string

// All are the questions to ask for the vendor, those that concern every plugin first.
func (v Vendor) All() []Question {
	asked := []Question{{
		Name: Recipients, Label: "Who sees requests", Default: v.Recipients, Kind: Lines, Hint: strings.TrimSpace(v.Recipient + " One a line."),
	}}
	if !v.LinkOnly {
		asked = append(asked, Question{Name: Decisions, Label: "Where people decide", Default: "in_chat", Choices: []Choice{
			{"in_chat", "There, and on Accede's pages"}, {linkOnly, "On Accede's pages only"}, {"off", "On Accede's pages only; nothing leads there"},
		}})
	}
	asked = append(asked, v.Questions...)
	return append(asked,
		Question{Name: Keep, Label: "Where the plugin finds its secrets", Default: KeepFiles, Kind: Aside, Choices: []Choice{
			{KeepFiles, "In files under /run/secrets"}, {KeepEnv, "In its environment"},
		}},
		Question{Name: Listen, Label: "Where the plugin listens", Default: v.Listen, Hint: "For health, metrics and calls of the vendor; host:port. Empty: nowhere."},
	)
}

// Defaults are the answers that stand there at first.
func (v Vendor) Defaults() Answers {
	answers := Answers{}
	for _, question := range v.All() {
		answers[question.Name] = question.Default
	}
	return answers
}

// holds says whether conditions are met.
func (a Answers) holds(conditions []Only) bool {
	return !slices.ContainsFunc(conditions, func(only Only) bool {
		answer := a[only.Name]
		return answer == "" || only.Answer != "" && answer != only.Answer
	})
}

// Fault is an answer that cannot be taken.
type Fault struct{ Name, Message string }

// Check says what is missing or impossible.
func (v Vendor) Check(answers Answers) (faults []Fault) {
	for _, question := range v.All() {
		if message := question.fault(answers); message != "" {
			faults = append(faults, Fault{question.Name, question.Label + " " + message})
		}
	}
	return faults
}

func (q Question) fault(answers Answers) string {
	answer := answers[q.Name]
	switch {
	case !answers.holds(q.Only):
		return ""
	case answer == "" && q.Required:
		return "is missing."
	case len(answer) > maxAnswer:
		return fmt.Sprintf("is longer than %d bytes.", maxAnswer)
	case !writable(answer):
		return "has characters that cannot be written."
	case len(q.Choices) > 0 && !slices.ContainsFunc(q.Choices, func(c Choice) bool { return c.Value == answer }):
		return "is none of the choices."
	case q.Kind == Text && strings.ContainsAny(answer, "\n\r"):
		return "has more than one line."
	case q.Kind == Pairs && slices.ContainsFunc(lines(answer), func(line string) bool { return len(strings.Fields(line)) != 2 }):
		return "needs a name, a space and a link in each line."
	}
	return ""
}

// writable says whether a file can hold a text as it is.
func writable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r == '\ufeff' || r == utf8.RuneError || !unicode.IsGraphic(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

// lines are the lines that hold something.
func lines(text string) (found []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	return found
}

// Config writes the plugin's configuration. The answers have been checked.
func (v Vendor) Config(answers Answers) string {
	all := mapping{{"broker", mapping{{"credential_file", v.CredentialFile()}}}}
	if answers[Listen] != "" {
		all = append(all, entry{"http", mapping{{"listen", answers[Listen]}}})
	}
	all = append(all, entry{Recipients, mapping{{"*", lines(answers[Recipients])}}}, entry{Decisions, v.decisions(answers)})
	if part := v.part(answers); len(part) > 0 {
		all = append(all, entry{v.Name, part})
	}
	return v.heading() + all.yaml("")
}

func (v Vendor) heading() string {
	text := "# The configuration of " + v.Binary() + ". It holds no secrets; it says where they are.\n"
	if v.Docs != "" {
		text += "# All settings: " + v.Docs + "\n"
	}
	return text
}

func (v Vendor) decisions(answers Answers) string {
	if v.LinkOnly {
		return linkOnly
	}
	return answers[Decisions]
}

// part is what the vendor itself is about.
func (v Vendor) part(answers Answers) mapping {
	var part mapping
	for _, question := range v.Questions {
		if question.Kind != Aside && answers[question.Name] != "" && answers.holds(question.Only) {
			part = part.put(strings.Split(question.Name, "."), question.value(answers[question.Name]))
		}
	}
	for _, one := range v.Needs(answers) {
		part = part.put(strings.Split(one.Key, "."), one.Place)
	}
	return part
}

// Need is a secret that the plugin looks for.
type Need struct {
	// Key is the key in the configuration, Place what stands there: a path, or a variable of the environment.
	Key, Place string
	// Holds says what belongs there.
	Holds string
}

// Needs lists the secrets that the plugin looks for, and where.
func (v Vendor) Needs(answers Answers) (all []Need) {
	for _, one := range v.Secrets {
		if !answers.holds(one.Only) {
			continue
		}
		word := v.Name + "_" + one.Name[strings.LastIndex(one.Name, ".")+1:]
		if answers[Keep] == KeepEnv {
			all = append(all, Need{one.Name, "${ACCEDE_" + strings.ToUpper(word) + "}", one.About})
			continue
		}
		all = append(all, Need{one.Name + "_file", "/run/secrets/" + word, one.About})
	}
	return all
}

func (q Question) value(answer string) any {
	switch q.Kind {
	case Lines:
		return lines(answer)
	case Pairs:
		pairs := mapping{}
		for _, line := range lines(answer) {
			name, value, _ := strings.Cut(line, " ")
			pairs = append(pairs, entry{name, strings.TrimSpace(value)})
		}
		return pairs
	default:
		return answer
	}
}
