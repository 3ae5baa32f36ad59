package teams

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// member is an account as a conversation's roster shows it.
type member struct {
	ID       string `json:"id"`
	ObjectID string `json:"aadObjectId"`
	Object   string `json:"objectId"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	UPN      string `json:"userPrincipalName"`
	Tenant   string `json:"tenantId"`
	Role     string `json:"userRole"`
}

// oid is the account's id in the directory.
func (m member) oid() string {
	if m.ObjectID != "" {
		return m.ObjectID
	}
	return m.Object
}

func (m member) guest() bool {
	return strings.EqualFold(m.Role, "guest") || strings.EqualFold(m.Role, "anonymous")
}

func (a *api) member(ctx context.Context, service, conversation, id string) (member, error) {
	var found member
	err := a.call(ctx, http.MethodGet, service, conversationPath(conversation)+"/members/"+url.PathEscape(id), nil, &found)
	return found, err
}

const (
	// rosterPage is the largest page: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context.
	rosterPage = 500
	// maxRosterPages bounds how much of a large team is read.
	maxRosterPages = 6
)

// roster lists the members of a channel or chat, the first few thousand of them.
func (a *api) roster(ctx context.Context, service, conversation string) ([]member, error) {
	var all []member
	query := "?pageSize=" + strconv.Itoa(rosterPage)
	for range maxRosterPages {
		var page struct {
			Members []member `json:"members"`
			Next    string   `json:"continuationToken"`
		}
		if err := a.call(ctx, http.MethodGet, service, conversationPath(conversation)+"/pagedmembers"+query, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Members...)
		if page.Next == "" {
			break
		}
		query = "?pageSize=" + strconv.Itoa(rosterPage) + "&continuationToken=" + url.QueryEscape(page.Next)
	}
	return all, nil
}
