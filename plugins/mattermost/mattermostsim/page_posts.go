package mattermostsim

import (
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

// maxShown bounds how many posts the page draws; the inspection API has them all.
const maxShown = 100

type shownPost struct {
	Anchor, Initial, Who, Time string
	Bot, Edited, OnlyYou       bool
	Updates                    int
	Text                       template.HTML
	Attachments                []shownAttachment
	Replies                    []shownPost
}

type shownAttachment struct {
	Color   string
	Text    template.HTML
	Fields  []shownField
	Footer  string
	Buttons []shownButton
}

type shownField struct {
	Title string
	Value template.HTML
}

type shownButton struct {
	Label, Style string
	Hidden       []hiddenField
}

type hiddenField struct{ Name, Value string }

// shownPosts draws the newest posts of the channel as the visitor sees them, newest first: the page shows them from the
// bottom up. Replies stand under their roots.
func (s *Sim) shownPosts(v visit) []shownPost {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []shownPost
	for _, p := range slices.Backward(v.channel.posts) {
		if len(out) == maxShown {
			break
		}
		if p.visibleTo(v.user.ID) && p.RootId == "" {
			shown := s.showPost(v, p)
			for _, reply := range v.channel.posts {
				if reply.RootId == p.Id && reply.visibleTo(v.user.ID) {
					shown.Replies = append(shown.Replies, s.showPost(v, reply))
				}
			}
			out = append(out, shown)
		}
	}
	return out
}

func (s *Sim) showPost(v visit, p *post) shownPost {
	who, _ := s.user(p.UserId)
	name := who.RealName
	if p.onlyFor != "" {
		name = "System"
	}
	out := shownPost{
		Anchor: "p" + p.Id, Initial: initial(name), Who: name, Bot: who.Bot && p.onlyFor == "", OnlyYou: p.onlyFor != "",
		Time:   time.UnixMilli(p.CreateAt).UTC().Format("15:04:05"),
		Edited: p.EditAt > 0, Updates: p.updates, Text: s.markup(p.Message),
	}
	for _, a := range p.Attachments() {
		out.Attachments = append(out.Attachments, s.showAttachment(v, p, a))
	}
	return out
}

func initial(name string) string {
	for _, r := range name {
		return string(r)
	}
	return ""
}

func (s *Sim) showAttachment(v visit, p *post, a *model.SlackAttachment) shownAttachment {
	out := shownAttachment{Color: barColor(a.Color), Text: s.markup(strings.TrimSpace(a.Pretext + "\n" + a.Title + "\n" + a.Text)), Footer: a.Footer}
	for _, f := range a.Fields {
		out.Fields = append(out.Fields, shownField{Title: f.Title, Value: s.markup(fmt.Sprint(f.Value))})
	}
	for _, action := range a.Actions {
		out.Buttons = append(out.Buttons, shownButton{
			Label: action.Name, Style: buttonStyle(action.Style),
			Hidden: []hiddenField{{"as", v.user.ID}, {"post", p.Id}, {"action", action.Id}, {"back", v.back()}},
		})
	}
	return out
}

var hexColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// barColor is the colour of the bar beside an attachment.
func barColor(color string) string {
	if hexColor.MatchString(color) {
		return color
	}
	return "#c4c8ce"
}

func buttonStyle(style string) string {
	switch style {
	case "primary", "good", "success":
		return "primary"
	case "danger":
		return "danger"
	default:
		return ""
	}
}

// dialogBox is a dialog on the visitor's screen.
type dialogBox struct {
	User, Back, Title, Intro, Submit, Wrong string
	Inputs                                  []dialogInput
}

type dialogInput struct {
	Name, Label, Help, Placeholder, Value, Wrong string
	Long, Optional                               bool
}

func (s *Sim) dialogFor(v visit) *dialogBox {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := s.dialogs[v.user.ID]
	if d == nil {
		return nil
	}
	box := &dialogBox{
		User: v.user.ID, Back: v.back(), Title: d.Dialog.Title, Intro: d.Dialog.IntroductionText, Submit: d.Dialog.SubmitLabel, Wrong: d.wrong,
	}
	for _, e := range d.Dialog.Elements {
		box.Inputs = append(box.Inputs, dialogInput{
			Name: "input:" + e.Name, Label: e.DisplayName, Help: e.HelpText, Placeholder: e.Placeholder, Value: d.values[e.Name],
			Wrong: d.errors[e.Name], Long: e.Type == "textarea", Optional: e.Optional,
		})
	}
	return box
}

func (s *Sim) pageClick(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	result, err := s.Click(r.Context(), Click{User: r.PostForm.Get("as"), Post: r.PostForm.Get("post"), Action: r.PostForm.Get("action")})
	standin.ShowResult(w, r, result.ID, err)
}

func (s *Sim) pageSubmit(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	in := Submission{User: r.PostForm.Get("as"), Values: standin.Inputs(r), Cancel: r.PostForm.Get("close") != ""}
	result, err := s.Submit(r.Context(), in)
	standin.ShowResult(w, r, result.ID, err)
}

// pageServer changes the settings that the page offers.
func (s *Sim) pageServer(w http.ResponseWriter, r *http.Request) {
	if !standin.ParseForm(w, r) {
		return
	}
	on := func(name string) bool { return r.PostForm.Get(name) != "" }
	s.Adjust(func(server *Server) {
		server.ForbidCallbacks, server.SignInProxy = on("forbid_callbacks"), on("sign_in_proxy")
		server.HideKey, server.RateLimit = on("hide_key"), on("rate_limit")
		server.PostEditTimeLimit = -1
		if on("edit_limit") {
			server.PostEditTimeLimit = 0
		}
	})
	standin.LeadBack(w, standin.BackTo(r.PostForm))
}

// told says what came of the last click.
func told(r Result) *standin.Notice {
	took := fmt.Sprintf("%.0f ms", r.LatencyMS)
	switch {
	case len(r.FieldErrors) > 0:
		return &standin.Notice{Text: "Please look at what is marked in the dialog.", Bad: true}
	case r.ShownError != "":
		return &standin.Notice{Text: r.ShownError, Bad: true}
	case r.Kind == "dialog":
		return &standin.Notice{Text: "Sent. The app answered in " + took + "."}
	default:
		return &standin.Notice{Text: "Clicked. The app answered in " + took + "."}
	}
}
