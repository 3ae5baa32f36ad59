package enrol

func jira() Vendor {
	return Vendor{
		Name: "jira", Title: "Jira", About: "An issue for each request; moving it on the board decides.",
		Docs: docs + "jira.md", Listen: "127.0.0.1:4194",
		Steps: []string{
			"Make a project of its own whose workflow has the statuses Waiting, Approved and Denied, with transitions between " +
				"Waiting and each of the others, both ways.",
			"Make an account for the plugin that may browse, create, edit and transition issues and add comments there, and a token for it.",
			"Note the ids of the statuses. If you do not have them yet, put in any numbers: the plugin's check lists the right ones.",
		},
		Recipient: "The key of a project.", Recipients: "AR",
		Questions: []Question{
			{Name: "url", Label: "Address of Jira", Example: "https://example.atlassian.net", Required: true},
			{Name: "email", Label: "E-mail address of the plugin's account", Example: "accede@example.com", Hint: "On Cloud; leave it empty on Data Center."},
			{Name: "issue_type", Label: "Type of issue", Default: "Task"},
			{Name: "statuses.pending", Label: "Status of waiting requests", Example: "10000", Required: true, Hint: "The id, a number."},
			{Name: "statuses.approved", Label: "Status of approved requests", Example: "10001", Required: true, Hint: "The id, a number."},
			{Name: "statuses.denied", Label: "Status of denied requests", Example: "10002", Required: true, Hint: "The id, a number."},
			{Name: "private_role", Label: "Project role that sees one-time codes", Example: "Reviewers", Hint: "Optional: lets people connect their accounts by themselves."},
		},
		Secrets: []Secret{{Name: "token", About: "the account's API token, or personal access token on Data Center"}},
	}
}

func opsgenie() Vendor {
	onJSM, alone := []Only{{"dialect", "jsm"}}, []Only{{"dialect", "opsgenie"}}
	return Vendor{
		Name: "opsgenie", Title: "Opsgenie", About: "An alert for each request, and access for whoever is on call. Also Jira Service Management Operations.",
		Docs: docs + "opsgenie.md", Listen: "127.0.0.1:4196",
		Steps: []string{
			"Make a team for requests whose escalation wakes nobody.",
			"In Jira Service Management, make an account for the plugin and an API token for it; in Opsgenie itself, an API key.",
			"Note the id of the site: its address followed by /_edge/tenant_info shows it.",
		},
		Recipient:  "A team by its exact name or id. With none, no alert is made, and being on call still approves.",
		Recipients: "Access Requests",
		Questions: []Question{
			{Name: "dialect", Label: "Product", Default: "jsm", Choices: []Choice{
				{"jsm", "Jira Service Management Operations"}, {"opsgenie", "Opsgenie itself, which ends on 5 April 2027"},
			}},
			{Name: "cloud_id", Label: "Id of the site", Example: "1a2b3c4d-0000-4000-8000-000000000000", Required: true, Only: onJSM},
			{Name: "site_url", Label: "Address of the site", Example: "https://acme.atlassian.net", Required: true, Only: onJSM},
			{Name: "email", Label: "E-mail address of the plugin's account", Example: "accede@example.com", Required: true, Only: onJSM},
			{Name: "account", Label: "Account", Example: "acme", Hint: "acme in acme.app.opsgenie.com.", Required: true, Only: alone},
			{Name: "region", Label: "Region", Default: "us", Only: alone, Choices: []Choice{{"us", "United States"}, {"eu", "European Union"}}},
		},
		Secrets: []Secret{
			{Name: "api_token", About: "the account's API token", Only: onJSM},
			{Name: "api_key", About: "the API key", Only: alone},
		},
	}
}

func pagerduty() Vendor {
	return Vendor{
		Name: "pagerduty", Title: "PagerDuty", About: "An incident for each request, and access for whoever is on call.",
		Docs: docs + "pagerduty.md", Listen: "127.0.0.1:4197",
		Steps: []string{
			"Make a service for requests whose escalation policy wakes nobody, and a user for the plugin with the role Responder.",
			"Under Integrations → App Registration, make an app with scoped OAuth. The documentation lists the scopes to tick.",
			"Keep the client id and the client secret.",
		},
		Recipient: "A service by its name or id. With none, no incident is opened, and being on call still approves.", Recipients: "Access Requests",
		Questions: []Question{
			{Name: "region", Label: "Service region", Default: "us", Choices: []Choice{{"us", "United States"}, {"eu", "Europe"}}},
			{Name: "subdomain", Label: "Your account's part of the address", Example: "acme", Hint: "acme in acme.pagerduty.com.", Required: true},
			{Name: "from", Label: "Address of the plugin's user", Example: "accede@example.com", Required: true},
			{Name: "client_id", Label: "Client id of the app", Required: true},
		},
		Secrets: []Secret{{Name: "client_secret", About: "the app's client secret"}},
	}
}

func servicenow() Vendor {
	return Vendor{
		Name: "servicenow", Title: "ServiceNow", About: "A record for each request, approvals there, and access for whoever is on call.",
		Docs: docs + "servicenow.md", Listen: "127.0.0.1:4198",
		Steps: []string{
			"Make an integration user with web service access only and the rights that the documentation lists.",
			"Allow client credentials (glide.oauth.inbound.client.credential.grant_type.enabled), and make an OAuth API endpoint for " +
				"external clients in the Application Registry whose application user is the integration user.",
			"Keep the client id and the client secret. If a flow is to ask for approval, build it in Flow Designer.",
		},
		Recipient: "A group by name or sys_id, or the table's name for records without a group.", Recipients: "Database Access",
		Questions: []Question{
			{Name: "instance_url", Label: "Address of the instance", Example: "https://acme.service-now.com", Required: true},
			{Name: "client_id", Label: "Client id", Required: true},
			{Name: "table", Label: "Table that takes a record for each request", Default: "incident"},
			{Name: "requester_field", Label: "Field that names the requester", Default: "caller_id", Hint: "Empty to name nobody."},
			{Name: "approvals.mode", Label: "Who asks for approval", Default: "flow", Choices: []Choice{
				{"flow", "A flow of the instance"}, {"create", "The plugin, by name"},
			}},
			{Name: "time_zone", Label: "Time zone of the integration user", Default: "UTC"},
		},
		Secrets: []Secret{{Name: "client_secret", About: "the client secret"}},
	}
}
