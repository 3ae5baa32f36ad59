package pagerduty

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	pd "github.com/PagerDuty/go-pagerduty"
)

// service takes incidents.
type service struct {
	ID, Name, Status string
}

func (s service) disabled() bool { return s.Status == "disabled" }

func (a *api) serviceByID(ctx context.Context, id string) (service, error) {
	got, err := call(ctx, "reading service", repeatable, func(ctx context.Context) (*pd.Service, error) {
		return a.client.GetServiceWithContext(ctx, id, &pd.GetServiceOptions{})
	})
	if err != nil {
		return service{}, err
	}
	return service{ID: got.ID, Name: got.Name, Status: got.Status}, nil
}

// servicesNamed lists the services of exactly this name. PagerDuty is asked for the name, and the answer is compared all
// the same: it ignores what it does not know.
func (a *api) servicesNamed(ctx context.Context, name string) ([]service, error) {
	return call(ctx, "looking up service", repeatable, func(ctx context.Context) ([]service, error) {
		var found []service
		err := a.paged(ctx, "/services", url.Values{"name": {name}}, func(page json.RawMessage) (bool, error) {
			var got struct {
				Services []service `json:"services"`
			}
			err := json.Unmarshal(page, &got)
			for _, one := range got.Services {
				if one.Name == name {
					found = append(found, one)
				}
			}
			return true, err
		})
		return found, err
	})
}

// user is somebody with an account.
type user struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Invited bool   `json:"invitation_sent"`
	Page    string `json:"html_url"`
}

// usersWithEmail lists the users with this address who have accepted their invitation. PagerDuty finds addresses that
// contain the text; only equal ones count.
func (a *api) usersWithEmail(ctx context.Context, email string) ([]user, error) {
	email = strings.TrimSpace(email)
	return call(ctx, "looking up user", repeatable, func(ctx context.Context) ([]user, error) {
		var found []user
		err := a.paged(ctx, "/users", url.Values{"query": {email}}, func(page json.RawMessage) (bool, error) {
			var got struct {
				Users []user `json:"users"`
			}
			err := json.Unmarshal(page, &got)
			for _, one := range got.Users {
				if strings.EqualFold(strings.TrimSpace(one.Email), email) && !one.Invited {
					found = append(found, one)
				}
			}
			return true, err
		})
		return found, err
	})
}

func (a *api) userName(ctx context.Context, id string) (string, error) {
	got, err := call(ctx, "reading user", repeatable, func(ctx context.Context) (*pd.User, error) {
		return a.client.GetUserWithContext(ctx, id, pd.GetUserOptions{})
	})
	if err != nil {
		return "", err
	}
	return got.Name, nil
}

// probe reads something only to see whether PagerDuty allows it.
func (a *api) probe(ctx context.Context, path string, query url.Values) error {
	_, err := call(ctx, "checking "+path, repeatable, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, a.raw(ctx, http.MethodGet, path, query, nil, nil)
	})
	return err
}
