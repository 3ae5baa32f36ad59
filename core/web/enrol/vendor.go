package enrol

// Vendor is one that a plugin connects to.
type Vendor struct {
	// Name is the plugin's. Title is what people call the vendor; About says in a line what happens there.
	Name, Title, About string
	// Docs is the address of the page that says everything. It is empty for a plugin that Accede does not bring along.
	Docs string
	// Steps are what to do at the vendor first, in short.
	Steps []string
	// Recipient says what can see requests there; Recipients is one to begin with.
	Recipient, Recipients string
	// LinkOnly marks a vendor at which nothing can be decided.
	LinkOnly bool
	// Listen is where the plugin listens unless told otherwise.
	Listen    string
	Questions []Question
	Secrets   []Secret
	// Package is a command of the plugin's that writes what is uploaded to the vendor; empty if there is none.
	Package string
}

// Binary is the plugin's program.
func (v Vendor) Binary() string { return "accede-" + v.Name }

// File is what the plugin's configuration is called, CredentialFile the file that lets it in.
func (v Vendor) File() string { return v.Name + ".yaml" }

// CredentialFile is the name of the file that lets the plugin connect.
func (v Vendor) CredentialFile() string { return v.Name + ".creds" }

// Kind says how an answer is written into the configuration.
type Kind int

// The kinds of answers.
const (
	// Text is written as it is.
	Text Kind = iota
	// Lines is a list, an entry a line.
	Lines
	// Pairs is a mapping; each line is a key, a space and a value.
	Pairs
	// Aside is not written; other questions depend on it.
	Aside
)

// Question is asked for a vendor's part of the configuration.
type Question struct {
	// Name is the key, with dots where keys are nested.
	Name, Label, Hint string
	// Default is what stands there at first; Example is shown while nothing does.
	Default, Example string
	Required         bool
	Choices          []Choice
	Kind             Kind
	// Only limits the question to certain answers of others.
	Only []Only
}

// Choice is one of the answers that a question allows.
type Choice struct{ Value, Text string }

// Only is a condition: the answer to another question is this, or any if it is empty.
type Only struct{ Name, Answer string }

// Secret is what the plugin needs and this page must not see.
type Secret struct {
	// Name is its key, About says where it is found.
	Name, About string
	Only        []Only
}

const docs = "https://github.com/accede/accede/blob/main/docs/plugins/"

// Vendors lists them by name.
func Vendors() []Vendor {
	return []Vendor{
		discord(), email(), jira(), mattermost(), opsgenie(), pagerduty(), servicenow(), slack(), teams(),
	}
}

// Find returns the vendor of a plugin. A plugin that is not in the list is somebody's own, of which only the name is known.
func Find(name string) (Vendor, bool) {
	for _, vendor := range Vendors() {
		if vendor.Name == name {
			return vendor, true
		}
	}
	return Vendor{Name: name, Title: name, About: "A plugin of your own."}, false
}
