package teams

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// graph is the part of Microsoft Graph that the plugin uses to find people and to install the app for them:
// https://learn.microsoft.com/microsoftteams/platform/graph-api/proactive-bots-and-messages/graph-proactive-bots-and-messages.
type graph struct {
	http       *http.Client
	tokens     *tokens
	root       string
	use        GraphUse
	catalogApp string
	manifest   string
}

func newGraph(c *Config, p *prover, client *http.Client, now func() time.Time) *graph {
	root := strings.TrimSuffix(c.realm().Graph.String(), "/")
	return &graph{
		http: client, tokens: newTokens(c, root+"/.default", p, client, now), root: root + "/v1.0", use: c.Graph,
		catalogApp: c.CatalogAppID, manifest: c.manifestID(),
	}
}

func (g *graph) reads() bool { return g.use == GraphRead || g.use == GraphInstall }

func (g *graph) call(ctx context.Context, method, path string, body, into any) error {
	return call(ctx, g.http, g.tokens, method, g.root+path, body, into)
}

type directoryUser struct {
	ID      string `json:"id"`
	Name    string `json:"displayName"`
	Mail    string `json:"mail"`
	UPN     string `json:"userPrincipalName"`
	Enabled *bool  `json:"accountEnabled"`
}

const userFields = "$select=id,displayName,mail,userPrincipalName,accountEnabled"

// quoteOData makes text fit for a filter.
func quoteOData(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// userByAddress finds the one person with that sign-in name or mail address. Several are as good as none.
func (g *graph) userByAddress(ctx context.Context, address string) (found directoryUser, ok bool, err error) {
	filter := "userPrincipalName eq " + quoteOData(address) + " or mail eq " + quoteOData(address)
	var page struct {
		Value []directoryUser `json:"value"`
	}
	err = g.call(ctx, http.MethodGet, "/users?"+userFields+"&$top=2&$filter="+url.QueryEscape(filter), nil, &page)
	if err != nil || len(page.Value) != 1 {
		return directoryUser{}, false, err
	}
	found = page.Value[0]
	return found, found.Enabled == nil || *found.Enabled, nil
}

// install puts the app into a person's Teams. That it is there already is as good.
func (g *graph) install(ctx context.Context, oid string) error {
	err := g.call(ctx, http.MethodPost, "/users/"+url.PathEscape(oid)+"/teamwork/installedApps", map[string]string{
		"teamsApp@odata.bind": g.root + "/appCatalogs/teamsApps/" + g.catalogApp,
	}, nil)
	if statusOf(err) == http.StatusConflict {
		return nil
	}
	return err
}

// chat returns the chat between the installed app and a person; empty if the app is not installed.
func (g *graph) chat(ctx context.Context, oid string) (string, error) {
	base := "/users/" + url.PathEscape(oid) + "/teamwork/installedApps"
	var installed struct {
		Value []struct {
			ID string `json:"id"`
		} `json:"value"`
	}
	filter := "teamsApp/externalId eq " + quoteOData(g.manifest)
	err := g.call(ctx, http.MethodGet, base+"?$expand=teamsApp&$filter="+url.QueryEscape(filter), nil, &installed)
	if err != nil || len(installed.Value) == 0 {
		return "", err
	}
	var chat struct {
		ID string `json:"id"`
	}
	err = g.call(ctx, http.MethodGet, base+"/"+url.PathEscape(installed.Value[0].ID)+"/chat", nil, &chat)
	return chat.ID, err
}
