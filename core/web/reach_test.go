package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/service"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/web"
)

// reach says who gets to an address.
type reach int

const (
	// everybody: signing in is not needed.
	everybody reach = iota
	// members: whoever is signed in.
	members
	// seers: those who may see the request that the address names.
	seers
	// deciders: those who may decide about it.
	deciders
	// owners: whoever made it.
	owners
	// administrators, and nobody else.
	administrators
)

// endpoint is an address of the pages: who gets there, an example of it, and what its form sends.
type endpoint struct {
	reach   reach
	address string
	form    url.Values
}

// endpoints are all addresses of the pages. Who adds one says here who gets to it. {request} is somebody's request.
func endpoints() map[string]endpoint {
	victim := "/admin/people/victim"
	return map[string]endpoint{
		"GET /assets/":                       {everybody, "/assets/nothing", nil},
		"/":                                  {everybody, "/nowhere", nil},
		"GET /{$}":                           {members, "/", nil},
		"GET /sign-in":                       {everybody, "/sign-in", nil},
		"POST /sign-in":                      {everybody, "/sign-in", url.Values{"name": {"nobody"}}},
		"POST /sign-out":                     {everybody, "", nil}, // tested with sessions
		"POST /sign-in/company":              {everybody, "/sign-in/company", url.Values{}},
		"GET /sign-in/company/callback":      {everybody, "/sign-in/company/callback", nil},
		"POST /sign-in/passkey/begin":        {everybody, "/sign-in/passkey/begin", url.Values{}},
		"POST /sign-in/passkey":              {everybody, "/sign-in/passkey", url.Values{}},
		"GET /login":                         {members, "/login", nil},
		"POST /login":                        {members, "/login", url.Values{}},
		"GET /device":                        {members, "/device", nil},
		"POST /device":                       {members, "/device", url.Values{}},
		"POST /device/answer":                {members, "/device/answer", url.Values{}},
		"GET /account":                       {members, "/account", nil},
		"GET /ask":                           {members, "/ask", nil},
		"POST /ask":                          {members, "/ask", url.Values{"step": {"nothing"}}},
		"GET /requests":                      {members, "/requests", nil},
		"GET /requests/export":               {members, "/requests/export?format=csv", nil},
		"GET /waiting":                       {members, "/waiting", nil},
		"GET /waiting/count":                 {members, "/waiting/count", nil},
		"POST /account/sessions/{id}/end":    {members, "/account/sessions/nothing/end", url.Values{}},
		"POST /account/sessions/end-others":  {members, "/account/sessions/end-others", url.Values{}},
		"POST /account/password":             {members, "/account/password", url.Values{}},
		"POST /account/links":                {members, "/account/links", url.Values{"code": {"NOTHING"}}},
		"POST /account/links/remove":         {members, "/account/links/remove", url.Values{}},
		"POST /account/passkeys/begin":       {members, "/account/passkeys/begin", url.Values{}},
		"POST /account/passkeys":             {members, "/account/passkeys", url.Values{}},
		"POST /account/passkeys/{id}/remove": {members, "/account/passkeys/nothing/remove", url.Values{}},
		"POST /account/company":              {members, "/account/company", url.Values{}},
		"POST /account/company/confirm":      {members, "/account/company/confirm", url.Values{}},

		"GET /requests/{id}":             {seers, "/requests/{request}", nil},
		"GET /requests/{id}/live":        {seers, "/requests/{request}/live", nil},
		"POST /requests/{id}/reviews":    {deciders, "/requests/{request}/reviews", url.Values{"verdict": {"approve"}, "version": {"1"}, "fingerprint": {"{fingerprint}"}}},
		"POST /requests/{id}/override":   {administrators, "/requests/{request}/override", url.Values{"verdict": {"approve"}, "override_reason": {"tried"}, "role": {"dba"}}},
		"POST /requests/{id}/withdrawal": {owners, "/requests/{request}/withdrawal", nil},
		"POST /requests/{id}/use":        {owners, "/requests/{request}/use", nil},

		"GET /admin":                                       {administrators, "/admin", nil},
		"GET /admin/plugins":                               {administrators, "/admin/plugins", nil},
		"GET /admin/connect":                               {administrators, "/admin/connect?name=mine", nil},
		"GET /admin/plugins/{name}":                        {administrators, "/admin/plugins/slack", nil},
		"GET /admin/plugins/{name}/connect":                {administrators, "/admin/plugins/slack/connect", nil},
		"POST /admin/plugins/{name}/configuration":         {administrators, "/admin/plugins/slack/configuration", url.Values{"as": {"file"}}},
		"POST /admin/plugins/{name}/credential":            {administrators, "/admin/plugins/slack/credential", url.Values{"replace": {"yes"}}},
		"POST /admin/plugins/{name}/retry":                 {administrators, "/admin/plugins/slack/retry", url.Values{}},
		"POST /admin/plugins/{name}/deliveries/{id}/retry": {administrators, "/admin/plugins/slack/deliveries/nothing/retry", url.Values{}},
		"POST /admin/plugins/{name}/deliveries/{id}/drop":  {administrators, "/admin/plugins/slack/deliveries/nothing/drop", url.Values{}},
		"POST /admin/plugins/{name}/remove":                {administrators, "/admin/plugins/nothing/remove", url.Values{}},
		"GET /admin/people":                                {administrators, "/admin/people", nil},
		"GET /admin/new-person":                            {administrators, "/admin/new-person", nil},
		"POST /admin/people":                               {administrators, "/admin/people", url.Values{"name": {"made"}, "kind": {"human"}}},
		"GET /admin/people/{name}":                         {administrators, victim, nil},
		"POST /admin/people/{name}":                        {administrators, victim, url.Values{"admin": {"yes"}}},
		"POST /admin/people/{name}/password":               {administrators, victim + "/password", url.Values{"password": {"somebody-else-knows"}}},
		"POST /admin/people/{name}/disable":                {administrators, victim + "/disable", url.Values{}},
		"POST /admin/people/{name}/enable":                 {administrators, victim + "/enable", url.Values{}},
		"POST /admin/people/{name}/links":                  {administrators, victim + "/links", url.Values{"plugin": {"slack"}, "tenant": {"T"}, "user": {"U"}}},
		"POST /admin/people/{name}/links/remove":           {administrators, victim + "/links/remove", url.Values{"plugin": {"slack"}, "tenant": {"T"}, "user": {"U"}}},
		"POST /admin/people/{name}/sessions/{id}/end":      {administrators, victim + "/sessions/nothing/end", url.Values{}},
		"GET /admin/roles":                                 {administrators, "/admin/roles", nil},
		"GET /admin/new-role":                              {administrators, "/admin/new-role", nil},
		"GET /admin/roles/{name}":                          {administrators, "/admin/roles/requester", nil},
		"POST /admin/roles":                                {administrators, "/admin/roles", url.Values{"yaml": {"kind: role"}}},
		"POST /admin/roles/{name}/delete":                  {administrators, "/admin/roles/nothing/delete", url.Values{}},
		"GET /admin/audit":                                 {administrators, "/admin/audit", nil},
		"GET /admin/audit/export":                          {administrators, "/admin/audit/export", nil},
	}
}

// visitor is somebody who tries: the holder of a preset role, an administrator, or nobody at all.
type visitor struct {
	name string
	// sees says whether they may see the owner's request, decides whether they may decide about it.
	sees, decides, owns, administers bool
}

const nobody = ""

func visitors() []visitor {
	return []visitor{
		{name: nobody},
		{name: "requester"},
		{name: "auditor"},
		{name: "plugin", sees: true},
		{name: "reviewer", sees: true, decides: true},
		{name: "admin", sees: true, decides: true},
		{name: "root", sees: true, administers: true},
		{name: "owner", sees: true, owns: true},
	}
}

func (v visitor) may(r reach) bool {
	switch r {
	case members:
		return v.name != nobody
	case seers:
		return v.sees
	case deciders:
		return v.decides
	case owners:
		return v.owns
	case administrators:
		return v.administers
	default:
		return true
	}
}

// Every address of the pages, for the holder of each preset role and for somebody who is not signed in.
func TestWhoGetsWhere(t *testing.T) {
	o := peopled(t)
	browsers := map[string]*browser{nobody: o.browser()}
	for _, v := range visitors() {
		if v.name != nobody {
			browsers[v.name] = o.signedIn(v.name)
		}
	}
	table := endpoints()
	for _, pattern := range slices.Sorted(maps.Keys(table)) {
		to := table[pattern]
		if to.address == "" {
			continue
		}
		method, _, found := strings.Cut(pattern, " ")
		if !found {
			method = http.MethodGet
		}
		for _, v := range visitors() {
			address, form := o.example(to, pattern+" "+v.name)
			before := o.entries()[0].Seq
			status, location := browsers[v.name].try(method, address, form)
			refused := status == http.StatusForbidden || status == http.StatusNotFound || strings.HasPrefix(location, "/sign-in")
			if to.reach == everybody || to.reach == members && v.name != nobody {
				refused = status == http.StatusForbidden || status >= 500 && status != http.StatusServiceUnavailable
			}
			if refused == v.may(to.reach) {
				t.Errorf("%s as %q: status %d to %q", pattern, v.name, status, location)
			}
			if v.name == nobody && to.reach != everybody && !strings.HasSuffix(address, "/live") && !strings.HasPrefix(location, "/sign-in") {
				t.Errorf("%s without a session: status %d to %q, want the way to sign in", pattern, status, location)
			}
			if deed := o.deedAfter(before); refused && deed != "" {
				t.Errorf("%s as %q is refused, but the audit has %s", pattern, v.name, deed)
			}
		}
	}
}

// peopled is a house with the presets and somebody for each.
func peopled(t *testing.T) *office {
	t.Helper()
	const public = "https://accede.example.com"
	passkeys, err := signin.NewPasskeys(public, func() time.Time { return opening })
	if err != nil {
		t.Fatal(err)
	}
	provider := signin.NewProvider(signin.ProviderOptions{
		Issuer: "http://127.0.0.1:1", ClientID: "accede", RedirectURL: public + web.CompanyCallback, Now: func() time.Time { return opening },
	})
	t.Cleanup(provider.Close)
	o := furnish(openWith(t, web.Options{Passkeys: passkeys, Provider: provider, ProviderTitle: "Company"}))
	presets, err := service.Presets()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Apply(t.Context(), o.admin, v1.ApplyInput{Documents: presets}); err != nil {
		t.Fatal(err)
	}
	roles := map[string]string{
		"requester": "[requester]", "auditor": "[auditor]", "plugin": "[plugin]", "reviewer": "[reviewer]", "admin": "[admin]", "owner": "[requester]",
		"victim": "[]",
	}
	for name, held := range roles {
		o.apply("kind: user\nversion: v1\nmetadata: {name: " + name + "}\nspec: {roles: " + held + "}\n")
		o.setPassword(name)
	}
	o.connect("slack")
	return o
}

// example is an endpoint's address and form, if need be for a request that the owner just made.
func (o *office) example(to endpoint, reason string) (address string, form url.Values) {
	o.t.Helper()
	if !strings.Contains(to.address, "{request}") {
		return to.address, to.form
	}
	request, _, err := o.Create(o.t.Context(), o.as("owner"), v1.RequestInput{Roles: []string{"dba"}, Reason: reason})
	if err != nil {
		o.t.Fatal(err)
	}
	form = maps.Clone(to.form)
	if form.Has("fingerprint") {
		form.Set("fingerprint", request.Fingerprint)
	}
	return strings.ReplaceAll(to.address, "{request}", request.ID), form
}

// try makes a request without reading its answer, which may have no end.
func (b *browser) try(method, path string, form url.Values) (status int, location string) {
	b.h.t.Helper()
	if strings.HasSuffix(path, "/live") {
		method = http.MethodHead
	}
	headers := map[string]string{"Sec-Fetch-Site": "same-origin"}
	if method == http.MethodPost && form == nil {
		form = url.Values{}
	}
	if method != http.MethodPost {
		form = nil
	}
	got := b.do(method, path, form, headers)
	return got.status, got.header.Get("Location")
}

// deedAfter is what was done, and not only tried, after an entry of the audit; empty if nothing was.
func (o *office) deedAfter(seq int64) string {
	o.t.Helper()
	for _, entry := range o.entries() {
		if entry.Seq > seq && !strings.HasSuffix(entry.Action, "_refused") {
			return entry.Action
		}
	}
	return ""
}

// The table has every address that the pages have: it is held to the calls by which they are added.
func TestEveryAddressIsInTheTable(t *testing.T) {
	found := patterns(t)
	if len(found) < 40 {
		t.Fatalf("found only %q", found)
	}
	if diff := cmp.Diff(found, slices.Sorted(maps.Keys(endpoints()))); diff != "" {
		t.Errorf("addresses of the pages and of the table (endpoints, in reach_test.go) differ; say there who gets to each: %s", diff)
	}
}

// patterns reads the patterns of all routes out of the sources.
func patterns(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]ast.Expr{"assets.Prefix": &ast.BasicLit{Kind: token.STRING, Value: `"/assets/"`}}
	var calls []ast.Expr
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.ValueSpec:
				for i, name := range node.Names {
					if i < len(node.Values) {
						constants[name.Name] = node.Values[i]
					}
				}
			case *ast.CallExpr:
				if adds(node) {
					calls = append(calls, node.Args[0])
				}
			}
			return true
		})
	}
	for _, call := range calls {
		if pattern, ok := text(constants, call); ok {
			all = append(all, pattern)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// adds says whether a call adds a route.
func adds(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	return ok && len(call.Args) == 2 && slices.Contains([]string{"page", "open", "admin", "Handle"}, method.Sel.Name)
}

// text is what a constant expression of texts comes to.
func text(constants map[string]ast.Expr, expression ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.Ident:
		value, ok := constants[e.Name]
		if !ok {
			return "", false
		}
		return text(constants, value)
	case *ast.SelectorExpr:
		if of, ok := e.X.(*ast.Ident); ok {
			value, known := constants[of.Name+"."+e.Sel.Name]
			if known {
				return text(constants, value)
			}
		}
		return "", false
	case *ast.BinaryExpr:
		left, ok := text(constants, e.X)
		right, also := text(constants, e.Y)
		return left + right, ok && also
	default:
		return "", false
	}
}
