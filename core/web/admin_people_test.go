package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func (o *office) person(name string) v1.Person {
	o.t.Helper()
	person, err := o.Person(o.t.Context(), o.admin, name)
	if err != nil {
		o.t.Fatal(err)
	}
	return person
}

// crowd is many documents of a kind.
func crowd(kind string, n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "---\nkind: %s\nversion: v1\nmetadata: {name: crowd%02d}\nspec: {}\n", kind, i)
	}
	return text.String()
}

func TestPeopleAreFound(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	root.get("/admin/people").want(http.StatusOK, "Alice Moreau", "alice@example.com", "5 people", "administrator")
	root.get("/admin/people?q=REVIEWER").want(http.StatusOK, "Ivan Petrov", "bob", "2 people").without("Alice")
	root.get("/admin/people?q=moreau").want(http.StatusOK, "1 person")
	root.get("/admin/people?q=zzz").want(http.StatusOK, "Nobody like that")
	o.apply(crowd("user", 60))
	root.get("/admin/people?q=crowd").want(http.StatusOK, "1 to 50 of 60 people", "page=2", "crowd00").without("crowd50")
	root.get("/admin/people?q=crowd&page=2").want(http.StatusOK, "51 to 60 of 60 people", "crowd59", "page=1").without("page=3")
	root.get("/admin/people?q=crowd&page=999").want(http.StatusOK, "51 to 60")
}

func TestAddingAPerson(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	form := url.Values{
		"name": {"dave"}, "display_name": {"Dave"}, "email": {"dave@"}, "kind": {"human"}, "roles": {"reviewer", "contractor"},
		"traits": {"team = dba, sre\r\nsite=oslo"}, "password": {"dave-password"},
	}
	root.get("/admin/new-person").want(http.StatusOK, `id="role-reviewer"`)
	root.post("/admin/people", form).want(http.StatusUnprocessableEntity, "is not an e-mail address", `value="dave@"`, "team = dba, sre").without("dave-password")
	form.Set("email", "dave@example.com")
	root.post("/admin/people", form).leads("/admin/people/dave")
	got := o.person("dave")
	got.Created = opening
	want := v1.Person{
		Name: "dave", DisplayName: "Dave", Email: "dave@example.com", Kind: v1.KindHuman, Roles: []string{"reviewer", "contractor"},
		Traits: map[string][]string{"team": {"dba", "sre"}, "site": {"oslo"}}, Created: opening,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	o.signedIn("dave")
	root.post("/admin/people", form).want(http.StatusConflict, "There is a person")
	form.Set("name", "eve")
	form.Set("traits", "nothing")
	root.post("/admin/people", form).want(http.StatusUnprocessableEntity, "is not a trait")
	form.Set("name", "not a name")
	form.Del("traits")
	root.post("/admin/people", form).want(http.StatusUnprocessableEntity, "can have letters")
}

// change is the form of a person's page as it is filled in there.
func change(page answer, values url.Values) url.Values {
	values.Set("seen", page.field("seen"))
	return values
}

func TestChangingAPerson(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	const path = "/admin/people/alice"
	root.get("/admin/people/alice@example.com").leads(path)
	root.get("/admin/people/nobody").want(http.StatusNotFound)
	page := root.get(path).want(http.StatusOK, "Alice Moreau", "Sessions and tokens")
	form := change(page, url.Values{"display_name": {"Alice M."}, "email": {"alice@example.com"}, "kind": {"human"}, "roles": {"reviewer"}, "admin": {"yes"}})
	root.post(path, form).leads(path)
	if got := o.person("alice"); got.DisplayName != "Alice M." || !slices.Equal(got.Roles, []string{"reviewer"}) || !got.Admin {
		t.Errorf("alice is %+v", got)
	}
	form.Set("display_name", "Too late")
	root.post(path, form).want(http.StatusConflict, "Somebody else has changed alice", `value="Too late"`)
	form = change(root.get(path), form)
	form.Del("roles")
	form.Set("kind", "robot")
	root.post(path, form).want(http.StatusUnprocessableEntity, "kind is")
	if got := o.last(1); got != "root person.change web" {
		t.Errorf("the audit ends with %s", got)
	}
}

func TestAdministratorsKeepTheirOwnRights(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	const path = "/admin/people/root"
	page := root.get(path).want(http.StatusOK, "You cannot disable yourself")
	page.without("Disable them")
	root.post(path, change(page, url.Values{"kind": {"human"}})).want(http.StatusUnprocessableEntity, "You cannot take your own rights away here")
	root.post(path+"/disable", nil).want(http.StatusUnprocessableEntity, "You cannot disable yourself here")
	root.post(path, change(page, url.Values{"kind": {"human"}, "admin": {"yes"}, "display_name": {"Root"}})).leads(path)
	if got := o.person("root"); !got.Admin || got.Disabled || got.DisplayName != "Root" {
		t.Errorf("root is %+v", got)
	}
}

func TestPasswordsAndDisabling(t *testing.T) {
	o := openAdmin(t)
	root := o.signedIn("root")
	const path = "/admin/people/ivan"
	root.post(path+"/password", url.Values{"password": {"short"}}).want(http.StatusUnprocessableEntity, "A password has").without("short\"")
	root.post(path+"/password", url.Values{"password": {passwordOf("ivan") + "2"}}).leads(path)
	o.browser().post("/sign-in", signInForm("ivan", "")).want(http.StatusUnauthorized)
	root.post(path+"/disable", nil).leads(path)
	root.get(path).want(http.StatusOK, "disabled", "Let them in again")
	o.browser().post("/sign-in", url.Values{"name": {"ivan"}, "password": {passwordOf("ivan") + "2"}}).want(http.StatusUnauthorized)
	root.post(path+"/enable", nil).leads(path)
	if o.person("ivan").Disabled {
		t.Error("ivan is still disabled")
	}
}

func TestLinksOfAPerson(t *testing.T) {
	o := openAdmin(t)
	o.connect("slack")
	root := o.signedIn("root")
	const path = "/admin/people/ivan"
	account := url.Values{"plugin": {"slack"}, "tenant": {" T1 "}, "user": {"U1"}}
	root.post(path+"/links", account).leads(path)
	root.get(path).want(http.StatusOK, "The account is connected.", "Slack", "U1", "T1", "root")
	account.Set("tenant", "T1")
	root.post("/admin/people/bob/links", account).want(http.StatusConflict, "connected to somebody else already")
	root.post("/admin/people/bob/links/remove", account).leads("/admin/people/bob")
	if links, err := o.Links(t.Context(), o.admin, "ivan"); err != nil || len(links) != 1 {
		t.Errorf("ivan has %v, %v after bob's page removed one", links, err)
	}
	root.post(path+"/links/remove", account).leads(path)
	root.get(path).want(http.StatusOK, "The account is disconnected.").without("U1")
	root.post(path+"/links", url.Values{"plugin": {"slack"}}).want(http.StatusUnprocessableEntity, "A link names a plugin")
}

func TestSessionsOfAPerson(t *testing.T) {
	o := openAdmin(t)
	root, ivan := o.signedIn("root"), o.signedIn("ivan")
	tokens, err := o.Tokens(t.Context(), o.admin, "ivan")
	if err != nil || len(tokens) != 1 {
		t.Fatal(tokens, err)
	}
	end := "/sessions/" + tokens[0].ID + "/end"
	root.post("/admin/people/bob"+end, nil).leads("/admin/people/bob")
	ivan.get("/account").want(http.StatusOK)
	root.post("/admin/people/ivan"+end, nil).leads("/admin/people/ivan")
	ivan.get("/account").leads("/sign-in?next=%2Faccount")
	if _, err := o.Authenticate(t.Context(), ivan.session(), v1.ViaWeb); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("ivan's session gives %v", err)
	}
}
