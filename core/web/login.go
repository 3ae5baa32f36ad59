package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/web/ui"
)

// DevicePath is the page where people type the word that a program shows them.
const DevicePath = "/device"

func (s *site) loginRoutes() {
	s.page("GET /login", showLogin)
	s.page("POST /login", grantLogin)
	s.page("GET "+DevicePath, showDevice)
	s.page("POST "+DevicePath, findDevice)
	s.page("POST "+DevicePath+"/answer", answerDevice)
}

// programLogin is a program on the reader's own machine that wants to be signed in.
type programLogin struct {
	signin.Login
	port, state string
}

var loginState = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// loginOf reads what a program has put into the address, or what the page has put into the form.
func loginOf(values url.Values) (programLogin, error) {
	login := programLogin{
		Login: signin.Login{Challenge: values.Get("challenge"), Device: values.Get("device")},
		port:  values.Get("port"), state: values.Get("state"),
	}
	port, err := strconv.Atoi(login.port)
	if err != nil || port < 1024 || port > 65535 || !loginState.MatchString(login.state) || !login.Valid() {
		return programLogin{}, core.Refuse(v1.CodeInvalid, "This address is not complete. Run `accede login --browser` again.")
	}
	return login, nil
}

// back is where the program listens: on the reader's own machine and nowhere else.
func (p programLogin) back(values url.Values) string {
	values.Set("state", p.state)
	return query("http://127.0.0.1:"+p.port+"/", values)
}

func showLogin(v *visit) error {
	login, err := loginOf(v.r.URL.Query())
	if err != nil {
		return err
	}
	view := loginView{login: login, word: v1.LoginWord(login.Challenge), person: v.actor.Person.Ref().Shown()}
	return v.render(screen{title: "Sign a program in", content: loginPage(view)})
}

func grantLogin(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	login, err := loginOf(values)
	if err != nil {
		return err
	}
	if values.Get("answer") != "yes" {
		return v.bounce(login.back(url.Values{"error": {"refused"}}), "The program is told that you refused.")
	}
	code, err := v.Logins.Grant(login.Login, v.actor.Person.Name)
	if err != nil {
		return err
	}
	return v.bounce(login.back(url.Values{"code": {code}}), "The program is being signed in. You can close this page then.")
}

func showDevice(v *visit) error {
	word := v.r.URL.Query().Get("word")
	return v.render(screen{title: "Sign a program in", content: devicePage(word[:min(len(word), 20)])})
}

// findDevice looks the word up, with as few guesses as at passwords.
func findDevice(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	leave, err := v.SignIns.Enter(v.ctx(), "word of "+v.actor.Person.Name, remoteHost(v.r))
	if err != nil {
		return err
	}
	defer leave()
	word := values.Get("word")
	login, ok := v.Logins.Asked(word)
	if !ok {
		return v.render(screen{
			title: "Sign a program in", status: http.StatusNotFound, content: devicePage(""),
			notices: []ui.Notice{{Tone: ui.Bad, Text: "That word is unknown, used or older than 10 minutes. Check it, or begin again."}},
		})
	}
	view := loginView{login: programLogin{Login: login}, word: word, person: v.actor.Person.Ref().Shown()}
	return v.render(screen{title: "Sign a program in", content: deviceAnswerPage(view)})
}

func answerDevice(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	leave, err := v.SignIns.Enter(v.ctx(), "word of "+v.actor.Person.Name, remoteHost(v.r))
	if err != nil {
		return err
	}
	defer leave()
	agreed := values.Get("answer") == "yes"
	if !v.Logins.Answer(values.Get("word"), v.actor.Person.Name, agreed) {
		return signin.ErrAttemptUnknown
	}
	if !agreed {
		v.flash(ui.Plain, "The program is not signed in.")
		return v.redirect(accountPath)
	}
	v.flash(ui.Good, "The program is signed in as you; go back to it.")
	return v.redirect(accountPath)
}

// loginView is what the pages show of a program that wants to be signed in.
type loginView struct {
	login        programLogin
	word, person string
}
