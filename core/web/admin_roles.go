package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

func (s *site) adminRoleRoutes() {
	s.admin("GET "+rolesPath, showRoles)
	s.admin("GET "+adminPath+"/new-role", showNewRole)
	s.admin("GET "+rolesPath+"/{name}", showRole)
	s.admin("POST "+rolesPath, editRole)
	s.admin("POST "+rolesPath+"/{name}/delete", deleteRole)
}

func rolePath(name string) string { return rolesPath + "/" + url.PathEscape(name) }

// roleRow is a role and how many people hold it.
type roleRow struct {
	v1.Role
	holders int
}

func showRoles(v *visit) error {
	roles, err := v.Service.Roles(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	people, err := v.Service.People(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	rows := make([]roleRow, len(roles))
	for i, role := range roles {
		rows[i].Role = role
		for _, person := range people {
			if slices.Contains(person.Roles, role.Metadata.Name) {
				rows[i].holders++
			}
		}
	}
	return v.render(screen{title: "Roles", content: rolesPage(rows)})
}

// does says in short what a role lets its holders do.
func (r roleRow) does() string {
	var parts []string
	if request := r.Spec.Allow.Request; request != nil {
		parts = append(parts, "may ask")
	}
	if r.Spec.Allow.ReviewRequests != nil {
		parts = append(parts, "may decide")
	}
	if r.Spec.Deny.Request != nil || r.Spec.Deny.ReviewRequests != nil {
		parts = append(parts, "forbids")
	}
	return strings.Join(append(parts, countOf(r.holders, "holder", "holders")), ", ")
}

// editor is the page on which roles are written.
type editor struct {
	// name is the role that is edited; empty for a new one.
	name string
	text string
	// faults are what is wrong with the text; applied is what it would do, and seen stands for exactly that.
	faults  []lineFault
	applied []v1.Applied
	seen    string
}

func (e editor) title() string {
	if e.name == "" {
		return "New role"
	}
	return e.name
}

// file is what the text is called in messages.
func (e editor) file() string {
	if e.name == "" {
		return "role.yaml"
	}
	return e.name + ".yaml"
}

// changes says whether there is anything to apply.
func (e editor) changes() bool {
	return slices.ContainsFunc(e.applied, func(a v1.Applied) bool { return a.Diff != "" })
}

// others says whether the text is no longer about the role that was opened.
func (e editor) others() bool {
	return e.name != "" && len(e.applied) > 0 && !slices.ContainsFunc(e.applied, func(a v1.Applied) bool { return a.Kind == v1.RoleKind && a.Name == e.name })
}

const newRole = `kind: role
version: v1
metadata:
  name: contractor
  description: What holders of this role may do.
spec:
  allow:
    request:
      roles: [dba]
      thresholds:
        - {approve: 1, deny: 1}
      max_duration: 8h
`

func showNewRole(v *visit) error { return v.showEditor(http.StatusOK, editor{text: newRole}, nil) }

func showRole(v *visit) error {
	role, err := v.Service.Role(v.ctx(), v.actor, v.r.PathValue("name"))
	if err != nil {
		return err
	}
	text, err := roleText(role)
	if err != nil {
		return err
	}
	return v.showEditor(http.StatusOK, editor{name: role.Metadata.Name, text: text}, nil)
}

func (v *visit) showEditor(status int, e editor, notices []ui.Notice) error {
	return v.render(screen{title: e.title(), status: status, notices: notices, content: editorPage(e)})
}

// roleText writes a role as it is stored, and as comparisons show it.
func roleText(role v1.Role) (string, error) {
	body, err := json.Marshal(role)
	if err != nil {
		return "", fmt.Errorf("encoding role: %w", err)
	}
	text, err := yaml.JSONToYAML(body)
	if err != nil {
		return "", fmt.Errorf("writing role as YAML: %w", err)
	}
	return string(text), nil
}

// editRole checks what was written and shows what it would change. What was shown like that, and nothing else, is applied.
func editRole(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	e := editor{name: values.Get("name"), text: newlines(values.Get("yaml"))}
	if err := v.check(&e); err != nil {
		return v.refuseInEditor(e, err)
	}
	if values.Get("step") != "apply" {
		return v.showEditor(http.StatusOK, e, nil)
	}
	if values.Get("seen") != e.seen {
		return v.showEditor(http.StatusConflict, e, []ui.Notice{{Tone: ui.Wait, Text: "The text, or what is stored, has changed since " +
			"you last looked, so nothing was applied yet. Look at what would change now."}})
	}
	if _, err := v.apply(e, false); err != nil {
		return v.refuseInEditor(e, err)
	}
	v.flash(ui.Good, "Applied: "+appliedText(e.applied)+".")
	return v.redirect(e.next())
}

// check finds out what the text would do.
func (v *visit) check(e *editor) error {
	result, err := v.apply(*e, true)
	if err != nil {
		return err
	}
	e.applied = result.Applied
	e.seen = stamp([]any{e.text, e.applied})
	return nil
}

func (v *visit) apply(e editor, dry bool) (v1.ApplyResult, error) {
	return v.Service.Apply(v.ctx(), v.actor, v1.ApplyInput{DryRun: dry, Documents: []v1.ApplyDocument{{Name: e.file(), YAML: e.text}}})
}

// next is where applying leads: to the role, or to all of them if there were several documents.
func (e editor) next() string {
	if len(e.applied) == 1 && e.applied[0].Kind == v1.RoleKind {
		return rolePath(e.applied[0].Name)
	}
	return rolesPath
}

func appliedText(applied []v1.Applied) string {
	parts := make([]string, len(applied))
	for i, one := range applied {
		parts[i] = one.Kind + " " + one.Name + " " + one.Change
	}
	return strings.Join(parts, ", ")
}

// refuseInEditor shows what was written with what is wrong with it, line by line.
func (v *visit) refuseInEditor(e editor, err error) error {
	status, _, ok := told(err)
	refusal, _ := errors.AsType[*core.Error](err)
	if !ok {
		return err
	}
	e.faults = lineFaults(e.text, refusal.Faults)
	text := refusal.Message
	if len(e.faults) > 0 {
		text = "Nothing was applied: " + countOf(len(e.faults), "problem was", "problems were") + " found."
	}
	return v.showEditor(status, e, []ui.Notice{{Tone: ui.Bad, Text: text}})
}

// lineFault is something wrong with the text, and where.
type lineFault struct {
	v1.Fault
	// before and after are the line at which it is, up to the column and from there on.
	before, after string
}

var place = regexp.MustCompile(`:(\d+):(\d+)$`)

// lineFaults finds the lines that faults are about.
func lineFaults(text string, faults []v1.Fault) []lineFault {
	lines := strings.Split(text, "\n")
	found := make([]lineFault, len(faults))
	for i, fault := range faults {
		found[i].Fault = fault
		at := place.FindStringSubmatch(fault.Location)
		if at == nil {
			continue
		}
		line, _ := strconv.Atoi(at[1])   // digits; too many of them give no line
		column, _ := strconv.Atoi(at[2]) // as above
		if line < 1 || line > len(lines) {
			continue
		}
		runes := []rune(lines[line-1])
		column = max(0, min(column-1, len(runes)))
		found[i].before, found[i].after = string(runes[:column]), string(runes[column:])
	}
	return found
}

// diffLines are the lines of a comparison with what became of each.
func diffLines(diff string) (lines []diffLine) {
	for line := range strings.SplitSeq(strings.TrimSuffix(diff, "\n"), "\n") {
		kind := "kept"
		switch {
		case strings.HasPrefix(line, "@@"):
			kind = "place"
		case strings.HasPrefix(line, "+"):
			kind = "added"
		case strings.HasPrefix(line, "-"):
			kind = "cut"
		}
		lines = append(lines, diffLine{kind, line})
	}
	return lines
}

type diffLine struct{ kind, text string }

func deleteRole(v *visit) error {
	name := v.r.PathValue("name")
	err := v.Service.DeleteRole(v.ctx(), v.actor, name)
	path := rolesPath
	if err != nil {
		path = rolePath(name)
	}
	return v.done(path, "Role "+name+" is deleted.", err)
}

// rowsFor is how high the text's field begins.
func rowsFor(text string) int { return min(max(strings.Count(text, "\n")+2, 12), 40) }

func checkLabel(e editor) string {
	if e.changes() {
		return "Check again"
	}
	return "Check"
}
