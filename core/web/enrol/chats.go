package enrol

func discord() Vendor {
	overHTTP := []Only{{"mode", "http"}}
	return Vendor{
		Name: "discord", Title: "Discord", About: "Cards with buttons in channels, direct messages to whoever asked.",
		Docs: docs + "discord.md", Listen: "127.0.0.1:4192",
		Steps: []string{
			"In Discord's developer portal, make an application. Under “Bot”, reset the token and keep it; switch “Public Bot” off.",
			"Under “OAuth2”, make an invitation with the scopes bot and applications.commands, and follow it to your server. The " +
				"documentation lists the five permissions to tick.",
			"Add the bot to private channels that are to show requests.",
		},
		Recipient: "A channel as #name or by its id, or a person's account id with @ before it.", Recipients: "#access-requests",
		Questions: []Question{
			{Name: "mode", Label: "How clicks reach the plugin", Default: "gateway", Choices: []Choice{
				{"gateway", "The plugin connects to Discord (recommended)"}, {"http", "Discord calls the plugin's public address"},
			}},
			{Name: "public_key", Label: "Public key", Hint: "For calls from Discord only; from the page “General Information”.", Required: true, Only: overHTTP},
			{Name: "guilds", Label: "Servers", Kind: Lines, Hint: "Optional: count clicks from these servers only, by id, one a line."},
		},
		Secrets: []Secret{{Name: "bot_token", About: "the bot's token, from the page “Bot”"}},
	}
}

func mattermost() Vendor {
	return Vendor{
		Name: "mattermost", Title: "Mattermost", About: "Cards with buttons in channels, direct messages to whoever asked.",
		Docs: docs + "mattermost.md", Listen: "0.0.0.0:4195",
		Steps: []string{
			"In the System Console, allow bot accounts. Then make one under Integrations → Bot Accounts and keep its token.",
			"Add the bot to the team, and invite it to each channel that is to show requests.",
			"If the plugin has a private address, add its host to “Allow untrusted internal connections to”.",
		},
		Recipient: "A channel as ~name or team/name, a person as @name, or an id.", Recipients: "~access-requests",
		Questions: []Question{
			{Name: "url", Label: "Address of the server", Example: "https://chat.example.com", Required: true},
			{
				Name: "callback_url", Label: "Address at which the server reaches the plugin", Required: true,
				Example: "https://accede-mattermost.example.com/callback", Hint: "Mattermost's server calls it, no browser does. It ends in /callback.",
			},
			{Name: "team", Label: "Team", Hint: "Optional: the team of channels that are given without one.", Example: "main"},
		},
		Secrets: []Secret{{Name: "token", About: "the bot account's access token"}},
	}
}

func slack() Vendor {
	return Vendor{
		Name: "slack", Title: "Slack", About: "Cards with buttons in channels, direct messages to whoever asked.",
		Docs: docs + "slack.md", Listen: "127.0.0.1:4191",
		Steps: []string{
			"At api.slack.com/apps, make an app from the manifest that the documentation shows, and install it in your workspace.",
			"Keep the Bot User OAuth Token, and for Socket Mode an App-Level Token with connections:write.",
			"Invite the app to each channel that is to show requests: /invite @accede.",
		},
		Recipient: "A channel as #name or by its id, or a person's e-mail address.", Recipients: "#access-requests",
		Questions: []Question{
			{Name: "mode", Label: "How clicks reach the plugin", Default: "socket", Choices: []Choice{
				{"socket", "The plugin connects to Slack: Socket Mode (recommended)"}, {"http", "Slack calls the plugin's public address"},
			}},
			{Name: "workspace", Label: "Workspace", Hint: "Optional: work with this workspace only, by its id.", Example: "T01234567"},
		},
		Secrets: []Secret{
			{Name: "bot_token", About: "the Bot User OAuth Token, which begins with xoxb-"},
			{Name: "app_token", About: "the App-Level Token, which begins with xapp-", Only: []Only{{"mode", "socket"}}},
			{Name: "signing_secret", About: "the Signing Secret, from “Basic Information”", Only: []Only{{"mode", "http"}}},
		},
	}
}

func teams() Vendor {
	return Vendor{
		Name: "teams", Title: "Microsoft Teams", About: "Cards with buttons in channels, chats with whoever asked.",
		Docs: docs + "teams.md", Listen: "127.0.0.1:4199", Package: "package",
		Steps: []string{
			"In Entra, register an application for your own directory, and make a client secret for it.",
			"In the Azure portal, make an Azure Bot from that registration. Its messaging endpoint is the plugin's public address " +
				"followed by /callback. Add the channel Microsoft Teams.",
			"With the file of the next step, have the app package written and upload it in the Teams admin center; then add the app " +
				"to each team that is to show requests.",
		},
		Recipient: "A channel by the name that you give it below, or a person's address.", Recipients: "#access-requests",
		Questions: []Question{
			{Name: "app_id", Label: "Application (client) id", Example: "00000000-0000-0000-0000-000000000001", Required: true},
			{Name: "tenant", Label: "Directory (tenant) id", Example: "00000000-0000-0000-0000-000000000002", Required: true},
			{
				Name: "channels", Label: "Channels", Kind: Pairs, Required: true,
				Hint:    "A line for each: a name of your choice, a space, and what “Get link to channel” copies in Teams.",
				Example: "#access-requests https://teams.microsoft.com/l/channel/…",
			},
		},
		Secrets: []Secret{{Name: "app_secret", About: "the client secret's value, from “Certificates & secrets”"}},
	}
}

func email() Vendor {
	bySMTP, byMailgun := Only{"through", "smtp"}, Only{"through", "mailgun"}
	return Vendor{
		Name: "email", Title: "E-mail", About: "A mail for each request, with a link to decide here.",
		Docs: docs + "email.md", Listen: "127.0.0.1:4193", LinkOnly: true,
		Steps: []string{
			"Make a mailbox or an alias for Accede, and an account at your mail server that may send as it; or verify a domain at Mailgun.",
			"See that Accede has a public address (http.public_url), or the mails carry no link.",
		},
		Recipient: "An e-mail address, of a person or of a list.", Recipients: "access@example.com",
		Questions: []Question{
			{Name: "from", Label: "Sender", Example: "Accede <accede@example.com>", Required: true},
			{Name: "through", Label: "How mails leave", Default: "smtp", Kind: Aside, Choices: []Choice{
				{"smtp", "Through a mail server, by SMTP"}, {"mailgun", "Through Mailgun"},
			}},
			{Name: "smtp.host", Label: "Mail server", Example: "smtp.example.com", Required: true, Only: []Only{bySMTP}},
			{Name: "smtp.tls", Label: "Protection", Default: "starttls", Only: []Only{bySMTP}, Choices: []Choice{
				{"starttls", "STARTTLS, port 587"}, {"implicit", "TLS from the first byte, port 465"},
			}},
			{
				Name: "smtp.username", Label: "Account at the mail server", Example: "accede@example.com", Only: []Only{bySMTP},
				Hint: "Empty for a server that takes mail without.",
			},
			{Name: "mailgun.domain", Label: "Domain at Mailgun", Example: "mg.example.com", Required: true, Only: []Only{byMailgun}},
			{Name: "mailgun.region", Label: "Region at Mailgun", Default: "us", Only: []Only{byMailgun}, Choices: []Choice{
				{"us", "United States"}, {"eu", "European Union"},
			}},
		},
		Secrets: []Secret{
			{Name: "smtp.password", About: "the account's password", Only: []Only{bySMTP, {"smtp.username", ""}}},
			{Name: "mailgun.api_key", About: "the API key, from Mailgun's control panel", Only: []Only{byMailgun}},
		},
	}
}
