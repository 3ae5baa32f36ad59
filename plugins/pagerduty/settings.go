package pagerduty

import (
	"context"
	"net/http"
	"net/url"
)

// subscription is a webhook subscription as PagerDuty shows it, without its secret.
type subscription struct {
	Active   bool     `json:"active"`
	Events   []string `json:"events"`
	Delivery struct {
		Disabled bool `json:"temporarily_disabled"`
	} `json:"delivery_method"`
}

func (a *api) subscription(ctx context.Context, id string) (subscription, error) {
	return call(ctx, "reading webhook subscription", repeatable, func(ctx context.Context) (subscription, error) {
		var got struct {
			Subscription subscription `json:"webhook_subscription"`
		}
		err := a.raw(ctx, http.MethodGet, "/webhook_subscriptions/"+url.PathEscape(id), nil, nil, &got)
		return got.Subscription, err
	})
}

// fieldOptions lists the options of a custom field of incidents.
func (a *api) fieldOptions(ctx context.Context, name string) (options []string, found bool, err error) {
	type field struct {
		Name    string `json:"name"`
		Options []struct {
			Data struct {
				Value string `json:"value"`
			} `json:"data"`
		} `json:"field_options"`
	}
	fields, err := call(ctx, "reading custom fields", repeatable, func(ctx context.Context) ([]field, error) {
		var got struct {
			Fields []field `json:"fields"`
		}
		err := a.raw(ctx, http.MethodGet, "/incidents/custom_fields", url.Values{"include[]": {"field_options"}}, nil, &got)
		return got.Fields, err
	})
	for _, f := range fields {
		if f.Name != name {
			continue
		}
		for _, option := range f.Options {
			options = append(options, option.Data.Value)
		}
		return options, true, nil
	}
	return nil, false, err
}
