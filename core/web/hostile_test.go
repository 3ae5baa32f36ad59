package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/service"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/signin/signintest"
	"github.com/accede/accede/core/web"
)

// hostile is what a person or a vendor might write to be taken as markup.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'--><svg/onload=alert(1)>{{7*7}}javascript:alert(1)`

// scripts are the elements and attributes of a page that could run code.
func scripts(t *testing.T, page string) (found []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for node := range root.Descendants() {
		if node.Data == "script" && node.FirstChild != nil || node.Data == "img" || node.Data == "iframe" {
			found = append(found, node.Data)
		}
		for _, attribute := range node.Attr {
			if strings.HasPrefix(attribute.Key, "on") || strings.HasPrefix(strings.TrimSpace(strings.ToLower(attribute.Val)), "javascript:") {
				found = append(found, attribute.Key+"="+attribute.Val)
			}
		}
	}
	return found
}

func TestTextIsNeverMarkup(t *testing.T) {
	h := open(t)
	name := hostile[:100]
	h.apply(strings.ReplaceAll(strings.ReplaceAll(documents, "managers", "'"+strings.ReplaceAll(hostile, "'", "''")+"'"), "Alice Moreau", "'"+strings.ReplaceAll(name, "'", "''")+"'"))
	request := h.ask(hostile)
	store := h.Store
	err := store.Update(t.Context(), func(tx core.Tx) error {
		if err := tx.SavePlugin(core.PluginRecord{Name: "slack", Created: opening}); err != nil {
			return err
		}
		return tx.SaveDelivery(v1.Delivery{
			ID: "d", Plugin: "slack", DeliveryKey: v1.DeliveryKey{Destination: hostile, RequestID: request.ID, Slot: v1.SlotCard},
			DestinationName: hostile, State: v1.DeliveryParked, FirstTried: opening, LastError: hostile,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	ivan := h.signedIn("ivan")
	path := "/requests/" + request.ID
	form := ivan.get(path).decision(v1.Approve)
	form.Set("reason", hostile)
	pages := []answer{ivan.get(path)}
	form.Set("duration", hostile)
	form.Set("start", hostile)
	pages = append(pages, ivan.post(path+"/reviews", form).want(http.StatusUnprocessableEntity))
	form.Del("duration")
	form.Del("start")
	ivan.post(path+"/reviews", form).leads(path)
	pages = append(pages, ivan.get(path), h.signedIn("alice").get(path), h.signedIn("bob").get(path))
	pages = append(pages, h.browser().post("/sign-in", signInForm(hostile, hostile)).want(http.StatusUnauthorized))
	for i, page := range pages {
		if found := scripts(t, page.body); len(found) > 0 {
			t.Errorf("page %d could run %q", i, found)
		}
		if i < len(pages)-1 && !strings.Contains(page.body, "{{7*7}}") {
			t.Errorf("page %d does not show what was written", i)
		}
	}
}

func TestNothingOnOnesAccountIsMarkup(t *testing.T) {
	h := openCompany(t, service.ProviderRules{})
	h.there.Become(signintest.User{ID: hostile, Name: hostile, Email: hostile})
	if err := h.AddPasskey(t.Context(), h.as("ivan"), hostile[:100], signin.Passkey{ID: "p", Credential: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SignInProgram(t.Context(), "ivan", hostile); err != nil {
		t.Fatal(err)
	}
	identity := v1.Identity{Plugin: "slack", Tenant: hostile, User: hostile}
	if _, err := h.AddLink(t.Context(), h.admin, v1.Link{Identity: identity, Person: "ivan"}); err != nil {
		t.Fatal(err)
	}
	_, word, err := h.logins.Ask(signin.Login{Challenge: v1.LoginChallenge("x"), Device: hostile[:100]})
	if err != nil {
		t.Fatal(err)
	}
	login := loginQuery()
	login.Set("device", hostile[:100])
	ivan := h.signedIn("ivan")
	for path, page := range map[string]answer{
		"/account":         ivan.get("/account"),
		"/login":           ivan.get("/login?" + login.Encode()),
		"/device":          ivan.post("/device", url.Values{"word": {word}}),
		"/device, typed":   ivan.get("/device?" + url.Values{"word": {hostile}}.Encode()),
		"/account/company": ivan.throughProvider(ivan.post("/account/company", nil)),
		"callback":         ivan.get(web.CompanyCallback + "?" + url.Values{"error": {hostile[:50]}}.Encode()),
	} {
		if found := scripts(t, page.body); len(found) > 0 {
			t.Errorf("%s could run %q", path, found)
		}
		if !strings.Contains(page.body, "&lt;script&gt;") {
			t.Errorf("%s does not show what was written:\n%s", path, page.body)
		}
	}
}

func TestAddressesAreNeverMarkup(t *testing.T) {
	h := open(t)
	for _, path := range []string{"/%3Cscript%3Ealert(1)%3C/script%3E", "/requests/%3Cscript%3E", "/sign-in?next=/%22%3E%3Cscript%3E"} {
		for _, b := range []*browser{h.browser(), h.signedIn("ivan")} {
			if found := scripts(t, b.get(path).body); len(found) > 0 {
				t.Errorf("%s could run %q", path, found)
			}
		}
	}
}
