package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"time"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/plugins"
)

// Settings is the part of a plugin's configuration that every plugin has.
type Settings struct {
	Broker BrokerSettings `yaml:"broker"`
	HTTP   HTTPSettings   `yaml:"http"`
	Log    LogSettings    `yaml:"log"`
	// RoleToRecipients maps a role's name, or a pattern in which * stands for any text, to recipients. "*" alone is the
	// default for roles that nothing else matches. An empty list means nowhere.
	RoleToRecipients map[string][]string `yaml:"role_to_recipients"`
	Decisions        DecisionMode        `yaml:"decisions"`
	// Lease is how long one delivery may take, the vendor's answer included.
	Lease config.Duration `yaml:"lease"`
	// Workers is how many requests are worked on at a time.
	Workers int `yaml:"workers"`
	// Poll is how often deliveries that are due again are asked for, Resync how often everything is compared, Heartbeat
	// how often the core hears of this replica.
	Poll      config.Duration `yaml:"poll"`
	Resync    config.Duration `yaml:"resync"`
	Heartbeat config.Duration `yaml:"heartbeat"`
	// Settle is how long to wait before looking up what the vendor may or may not have stored.
	Settle config.Duration `yaml:"settle"`
	// VendorPoll is how often a vendor that is polled for decisions is asked while cards are open.
	VendorPoll config.Duration `yaml:"vendor_poll"`
	OnCall     OnCallSettings  `yaml:"on_call"`
}

// OnCallSettings says whose being on call approves a request that names a schedule of the vendor.
type OnCallSettings struct {
	// Levels are the escalation levels that count; 1 is who is called first.
	Levels []int `yaml:"levels"`
	// MatchEmail finds the requester at the vendor by their address if no account of theirs is linked.
	MatchEmail bool `yaml:"match_email"`
	// UntilShiftEnd lets the access end with the shift, if it would last longer.
	UntilShiftEnd bool `yaml:"until_shift_end"`
}

// BrokerSettings says how to reach the broker.
type BrokerSettings struct {
	// CredentialFile is what `accede admin plugin add` wrote.
	CredentialFile config.Address `yaml:"credential_file"`
	// Address replaces the address in the credential.
	Address config.Address `yaml:"address"`
}

// HTTPSettings is the plugin's own listener, for callbacks, health and metrics.
type HTTPSettings struct {
	// Listen is host:port; empty means no listener.
	Listen config.Address `yaml:"listen"`
}

// LogSettings says how to log.
type LogSettings struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// DecisionMode says what a click in the chat can do.
type DecisionMode string

// The decision modes.
const (
	// DecideInChat: cards carry buttons, and a click is a review.
	DecideInChat DecisionMode = "in_chat"
	// DecideByLink: cards carry a link to the core and no buttons.
	DecideByLink DecisionMode = "link_only"
	// DecideOff: cards only inform.
	DecideOff DecisionMode = "off"
)

const (
	minLease   = time.Second
	maxLease   = 50 * time.Second // the broker gives a message to somebody else after a minute
	maxWorkers = 256
)

// DefaultSettings returns what holds where the configuration says nothing.
func DefaultSettings() Settings {
	return Settings{
		Decisions: DecideInChat,
		Lease:     config.Duration(30 * time.Second), Workers: 32,
		Poll: config.Duration(time.Second), Resync: config.Duration(10 * time.Minute),
		Heartbeat: config.Duration(5 * time.Second), Settle: config.Duration(5 * time.Second),
		VendorPoll: config.Duration(20 * time.Second),
		OnCall:     OnCallSettings{Levels: []int{1}, MatchEmail: true, UntilShiftEnd: true},
	}
}

// Validate returns everything that is wrong with the values.
func (s Settings) Validate() error {
	var p config.Problems
	p.Check(s.Broker.CredentialFile != "", "broker.credential_file", "is missing; name the file that `accede admin plugin add` wrote")
	if _, _, err := net.SplitHostPort(s.HTTP.Listen.String()); s.HTTP.Listen != "" && err != nil {
		p.Add("http.listen", "%q is not host:port", s.HTTP.Listen)
	}
	switch s.Decisions {
	case DecideInChat, DecideByLink, DecideOff:
	default:
		p.Add("decisions", "is %q; give in_chat, link_only or off", s.Decisions)
	}
	lease := s.Lease.Std()
	p.Check(lease >= minLease && lease <= maxLease, "lease", "is %s; give %s to %s", lease, minLease, maxLease)
	p.Check(s.Workers > 0 && s.Workers <= maxWorkers, "workers", "is %d; give 1 to %d", s.Workers, maxWorkers)
	p.Check(s.Settle >= 0 && s.Settle.Std() <= time.Minute, "settle", "is %s; give 0s to 1m", s.Settle)
	for name, value := range map[string]config.Duration{"poll": s.Poll, "resync": s.Resync, "heartbeat": s.Heartbeat, "vendor_poll": s.VendorPoll} {
		p.Check(value.Std() >= 100*time.Millisecond, name, "is %s; give 100ms or more", value)
	}
	p.Check(s.VendorPoll.Std() <= 5*time.Minute, "vendor_poll", "is %s; give 5m or less", s.VendorPoll)
	p.Check(len(s.OnCall.Levels) > 0, "on_call.levels", "is empty; give the levels that count, such as [1]")
	for i, level := range s.OnCall.Levels {
		p.Check(level > 0, fmt.Sprintf("on_call.levels[%d]", i), "is %d; levels count from 1", level)
	}
	checkRoutes(&p, s.RoleToRecipients)
	return p.Err()
}

func checkRoutes(p *config.Problems, routes map[string][]string) {
	for pattern, recipients := range routes {
		p.Check(pattern != "", "role_to_recipients", "has an empty pattern; write \"*\" for the default")
		for i, recipient := range recipients {
			path := fmt.Sprintf("role_to_recipients.%s[%d]", pattern, i)
			p.Check(recipient != "", path, "is empty; write [] for nowhere")
		}
	}
}

// LoadSettings reads a plugin's configuration file: the host's part, and under the plugin's own name the vendor's. Both
// are strict, and both are validated in one go.
func LoadSettings(spec plugins.Spec, path string, getenv config.Getenv) (settings Settings, vendor any, err error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Settings{}, nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return ParseSettings(spec, path, data, getenv)
}

// ParseSettings is [LoadSettings] for a text that is at hand; name stands for it in errors.
func ParseSettings(spec plugins.Spec, name string, data []byte, getenv config.Getenv) (Settings, any, error) {
	settings, vendor := DefaultSettings(), spec.NewConfig()
	file := joined(spec.Name, settings, vendor)
	if err := config.Decode(name, data, file.Addr().Interface(), getenv); err != nil {
		return Settings{}, nil, err
	}
	split(file, &settings)
	if section := file.FieldByName(vendorField); !section.IsNil() {
		vendor = section.Interface()
	}
	if err := validate(spec.Name, settings, vendor); err != nil {
		return Settings{}, nil, fmt.Errorf("%s: %w", name, err)
	}
	return settings, vendor, nil
}

const vendorField = "VendorPart"

// joined makes a struct of the host's fields and one more, named as the plugin is. Decoding both parts in one go keeps
// lines and columns right, and a key that belongs to neither an error.
func joined(name string, settings Settings, vendor any) reflect.Value {
	host := reflect.TypeOf(settings)
	fields := make([]reflect.StructField, 0, host.NumField()+1)
	for i := range host.NumField() {
		fields = append(fields, host.Field(i))
	}
	fields = append(fields, reflect.StructField{
		Name: vendorField, Type: reflect.TypeOf(vendor), Tag: reflect.StructTag(fmt.Sprintf("yaml:%q", name)),
	})
	file := reflect.New(reflect.StructOf(fields)).Elem()
	for i := range host.NumField() {
		file.Field(i).Set(reflect.ValueOf(settings).Field(i))
	}
	file.FieldByName(vendorField).Set(reflect.ValueOf(vendor))
	return file
}

func split(file reflect.Value, settings *Settings) {
	into := reflect.ValueOf(settings).Elem()
	for i := range into.NumField() {
		into.Field(i).Set(file.Field(i))
	}
}

func validate(name string, settings Settings, vendor any) error {
	var p config.Problems
	p.In("", settings.Validate())
	if checked, ok := vendor.(plugins.Validator); ok {
		addAll(&p, name, checked.Validate())
	}
	return p.Err()
}

// addAll records each of several joined errors by itself.
func addAll(p *config.Problems, path string, err error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			addAll(p, path, one)
		}
		return
	}
	problem, ok := errors.AsType[config.Problem](err)
	switch {
	case err == nil:
	case ok && problem.Path != "":
		p.Add(path+"."+problem.Path, "%s", problem.Message)
	default:
		p.Add(path, "%s", err)
	}
}

// recipients lists every configured recipient once.
func (s Settings) recipients() []string {
	seen := map[string]bool{}
	var all []string
	for _, pattern := range sortedKeys(s.RoleToRecipients) {
		for _, recipient := range s.RoleToRecipients[pattern] {
			if !seen[recipient] {
				seen[recipient] = true
				all = append(all, recipient)
			}
		}
	}
	return all
}
