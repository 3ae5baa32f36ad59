package servicenowsim

import (
	"errors"
	"fmt"
	"regexp"
)

// Config is the instance that the stand-in pretends to be.
type Config struct {
	// Instance is what people call it.
	Instance string
	// Table holds the requests' records: incident or sc_req_item.
	Table string
	// Account is the integration user that may call the API, with a password and with an OAuth client.
	Account                string
	Password               string
	ClientID, ClientSecret string
	// WebhookSecret is sent in the header X-Accede-Secret when an approval changes; empty sends no webhooks.
	WebhookSecret string
	Users         []User
	Groups        []Group
	Rotas         []Rota
	// AskApproval makes a flow ask every member of a record's assignment group as soon as its approval is requested.
	AskApproval bool
}

// User is a row of sys_user.
type User struct {
	ID, UserName, Name, Email string
	// Inactive, Integration (may only call web services) and Limited (may not approve) restrict the account.
	Inactive, Integration, Limited bool
	// Admin may change other people's approvals.
	Admin bool
	// TimeZone is empty for the system's, which is UTC.
	TimeZone string
}

// Group is a row of sys_user_group. Members are user ids.
type Group struct {
	ID, Name string
	Members  []string
}

// Rota is a row of cmn_rota. Line are the ids of users in the order in which they are called; order 1 is on call.
type Rota struct {
	ID, Name, Group string
	Line            []string
	Inactive        bool
}

var sysID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// Validate names everything that keeps the instance from making sense.
func (c Config) Validate() error {
	var problems []error
	known := map[string]bool{}
	for _, u := range c.Users {
		if !sysID.MatchString(u.ID) || known[u.ID] {
			problems = append(problems, fmt.Errorf("user %q has the id %q, which is no sys_id or is there twice", u.UserName, u.ID))
		}
		known[u.ID] = true
	}
	for _, g := range c.Groups {
		problems = append(problems, checkIDs("group "+g.Name, append([]string{g.ID}, g.Members...)))
	}
	for _, r := range c.Rotas {
		problems = append(problems, checkIDs("rota "+r.Name, append([]string{r.ID, r.Group}, r.Line...)))
	}
	if c.Table != "incident" && c.Table != "sc_req_item" {
		problems = append(problems, fmt.Errorf("table %q is neither incident nor sc_req_item", c.Table))
	}
	if c.Account == "" || c.Password == "" && c.ClientSecret == "" {
		problems = append(problems, errors.New("an account with a password or an OAuth client is needed"))
	}
	return errors.Join(problems...)
}

func checkIDs(of string, ids []string) error {
	for _, id := range ids {
		if !sysID.MatchString(id) {
			return fmt.Errorf("%s: %q is no sys_id", of, id)
		}
	}
	return nil
}
