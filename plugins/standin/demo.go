package standin

// Place is where a stand-in was put up.
type Place struct {
	// BaseURL is the stand-in's own address, without a trailing slash.
	BaseURL string
	// SideAddress is the host:port of its second protocol, if it has one.
	SideAddress string
	// CallbackURL is where the plugin takes callbacks.
	CallbackURL string
}

// Demo is how a plugin is set up to work with a stand-in and the people of the demo.
type Demo struct {
	// Config is the vendor's section of the plugin's configuration, as YAML without indentation.
	Config string
	// Recipients take the cards of every role.
	Recipients []string
	// Tenant and Accounts are the accounts that are connected to people of the demo: their id at the vendor by the
	// person's name.
	Tenant   string
	Accounts map[string]string
	// Schedule is the on-call schedule on which PUT /sandbox/oncall sets {"schedule", "person", "level"}; empty if the vendor
	// has none.
	Schedule string
}
