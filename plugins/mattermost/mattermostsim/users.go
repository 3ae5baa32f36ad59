package mattermostsim

import (
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/mattermost/mattermost-server/v6/model"
)

// getClientConfig tells what clients may know of the server.
func (s *Sim) getClientConfig(c *call) (int, any, *problem) {
	server := s.Server()
	site := server.SiteURL
	if site == "" && !server.NoSiteURL {
		site = s.opts.External(c.r)
	}
	out := map[string]string{
		"Version": server.Version, "BuildNumber": "demo", "SiteName": "Mattermost", "SiteURL": site,
		"DiagnosticId": "demo", "EnableBotAccountCreation": "true",
	}
	if c.user.ID != "" {
		out["PostEditTimeLimit"], out["MaxPostSize"] = strconv.Itoa(server.PostEditTimeLimit), strconv.Itoa(maxMessage)
	}
	if !server.HideKey {
		der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
		if err != nil {
			return 0, nil, fail(http.StatusInternalServerError, "api.config.client.app_error", err.Error())
		}
		out["AsymmetricSigningPublicKey"] = base64.StdEncoding.EncodeToString(der)
	}
	return http.StatusOK, out, nil
}

// describe is an account as another one sees it.
func (s *Sim) describe(u, viewer User) *model.User {
	roles := u.Roles
	if len(roles) == 0 {
		roles = []string{model.SystemUserRoleId}
	}
	out := &model.User{
		Id: u.ID, Username: u.Name, Nickname: u.RealName, Email: u.Email, AuthService: u.AuthService,
		Roles: strings.Join(roles, " "), IsBot: u.Bot, CreateAt: 1_700_000_000_000, UpdateAt: 1_700_000_000_000,
	}
	if u.Deleted {
		out.DeleteAt = 1_700_000_000_001
	}
	if u.Remote {
		remote := DemoID("remote")
		out.RemoteId = &remote
	}
	if viewer.isAdmin() || viewer.ID == u.ID {
		return out
	}
	out.AuthService = ""
	if s.Server().HideEmail {
		out.Email = ""
	}
	return out
}

func (s *Sim) getUser(c *call) (int, any, *problem) {
	id := c.path("user")
	if id == "me" {
		id = c.user.ID
	}
	if !model.IsValidId(id) {
		return 0, nil, badURL("user_id")
	}
	u, known := s.user(id)
	if !known {
		return 0, nil, noUser()
	}
	return http.StatusOK, s.describe(u, c.user), nil
}

func (s *Sim) getUserByUsername(c *call) (int, any, *problem) {
	for _, u := range s.users {
		if strings.EqualFold(u.Name, c.path("name")) {
			return http.StatusOK, s.describe(u, c.user), nil
		}
	}
	return 0, nil, noUser()
}

func (s *Sim) getUserByEmail(c *call) (int, any, *problem) {
	if s.Server().HideEmail && !c.user.isAdmin() {
		return 0, nil, fail(http.StatusForbidden, "api.user.get_user_by_email.permissions.app_error", "Unable to get user by email.")
	}
	email := c.path("email")
	if !strings.Contains(email, "@") {
		return 0, nil, badURL("email")
	}
	for _, u := range s.users {
		if u.Email != "" && strings.EqualFold(u.Email, email) {
			return http.StatusOK, s.describe(u, c.user), nil
		}
	}
	return 0, nil, noUser()
}

func (s *Sim) getUsersByIDs(c *call) (int, any, *problem) {
	var ids []string
	if p := c.decode(&ids); p != nil {
		return 0, nil, p
	}
	out := []*model.User{}
	for _, u := range s.users {
		if slices.Contains(ids, u.ID) {
			out = append(out, s.describe(u, c.user))
		}
	}
	return http.StatusOK, out, nil
}

// getTeams lists the teams in whose channels the account is.
func (s *Sim) getTeams(c *call) (int, any, *problem) {
	out := []*model.Team{}
	for _, t := range s.teams {
		if s.isInTeam(t.Name, c.user.ID) {
			out = append(out, &model.Team{Id: t.ID, Name: t.Name, DisplayName: t.DisplayName, Type: model.TeamOpen})
		}
	}
	return http.StatusOK, out, nil
}

func (s *Sim) isInTeam(team, user string) bool {
	for _, ch := range s.allChannels() {
		if ch.team == team && ch.hasMember(user) {
			return true
		}
	}
	return false
}
