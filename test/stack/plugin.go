package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins/catalog"
	"github.com/accede/accede/plugins/standin"
)

// Plugin is one plugin of a stack, with all its replicas.
type Plugin struct {
	Name, Title string
	Replicas    []*Process
	// URLs are where the replicas listen; the vendor calls the first one back.
	URLs []string
	Demo standin.Demo

	entry catalog.Entry
	// side is where the stand-in speaks its second protocol, if it has one.
	side string
}

func newPlugin(ctx context.Context, name string, replicas int, next func(context.Context) (string, error)) (*Plugin, error) {
	entry, found := catalog.Find(name)
	if !found {
		return nil, fmt.Errorf("there is no plugin %q", name)
	}
	plugin := &Plugin{Name: name, Title: entry.Spec.Title, entry: entry}
	for range replicas {
		address, err := next(ctx)
		if err != nil {
			return nil, err
		}
		plugin.URLs = append(plugin.URLs, "http://"+address)
	}
	if entry.Side == "" {
		return plugin, nil
	}
	return plugin, take(ctx, next, &plugin.side)
}

// Plugin returns the plugin of that name; nil if the stack has none.
func (s *Stack) Plugin(name string) *Plugin {
	for _, plugin := range s.Plugins {
		if plugin.Name == name {
			return plugin
		}
	}
	return nil
}

// Slack returns the replicas of the Slack plugin.
func (s *Stack) Slack() []*Process { return s.Plugin("slack").Replicas }

// Every returns the names of all plugins.
func Every() (names []string) {
	for _, entry := range catalog.All() {
		names = append(names, entry.Spec.Name)
	}
	return names
}

// layOutPlugin finds out how the plugin is set up, and returns the sandbox's flags for it.
func (s *Stack) layOutPlugin(p *Plugin) (flags []string) {
	place := standin.Place{BaseURL: s.SandboxURL + "/" + p.Name, SideAddress: p.side}
	if !s.NoCallbacks {
		place.CallbackURL = p.URLs[0] + "/callback"
		flags = append(flags, "--"+p.Name+"-callback-url", place.CallbackURL)
	}
	if p.side != "" {
		flags = append(flags, "--"+p.Name+"-"+p.entry.Side+"-listen", p.side)
	}
	p.Demo = p.entry.Demo(place)
	return flags
}

// configure writes a configuration for each replica.
func (s *Stack) configure(p *Plugin) error {
	p.Replicas = nil
	for i, url := range p.URLs {
		name := fmt.Sprintf("%s-%d", p.Name, i+1)
		config, err := s.pluginConfig(p, host(url))
		if err != nil {
			return err
		}
		if err := s.write(name+".yaml", config); err != nil {
			return err
		}
		replica := s.process("accede-"+p.Name, url, "start", "--config", filepath.Join(s.Dir, name+".yaml"))
		replica.Name, replica.Log, replica.env = name, filepath.Join(s.Dir, name+".log"), s.PluginEnv
		p.Replicas = append(p.Replicas, replica)
	}
	return nil
}

func (s *Stack) pluginConfig(p *Plugin, listen string) (string, error) {
	recipients, err := json.Marshal(append([]string{}, p.Demo.Recipients...))
	if err != nil {
		return "", fmt.Errorf("encoding recipients: %w", err)
	}
	section := strings.ReplaceAll(strings.TrimRight(p.Demo.Config, "\n"), "\n", "\n  ")
	return fmt.Sprintf(`broker:
  credential_file: %s
http:
  listen: %s
role_to_recipients:
  "*": %s
%s%s:
  %s
`, filepath.Join(s.Dir, p.Name+".creds"), listen, recipients, s.PluginSettings, p.Name, section), nil
}

// StartPlugins registers the plugins and brings their replicas up.
func (s *Stack) StartPlugins(ctx context.Context) error {
	for _, plugin := range s.Plugins {
		_, err := s.Admin(ctx, "admin", "plugin", "add", plugin.Name, "--out", filepath.Join(s.Dir, plugin.Name+".creds"))
		if err != nil {
			return err
		}
		for _, replica := range plugin.Replicas {
			if err := replica.Launch(); err != nil {
				return err
			}
		}
	}
	for _, plugin := range s.Plugins {
		for _, replica := range plugin.Replicas {
			if err := replica.Ready(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// onCallReviewer is the demo's service user that reviews for people on call.
const onCallReviewer = "on-call"

// link connects the demo's accounts at a vendor to people, and the plugin itself to its service user.
func (s *Stack) link(ctx context.Context, p *Plugin) error {
	for person, account := range p.Demo.Accounts {
		if _, err := s.Admin(ctx, "admin", "link", "add", p.Name, p.Demo.Tenant, account, "--person", person); err != nil {
			return err
		}
	}
	if p.Demo.Schedule == "" {
		return nil
	}
	_, err := s.Admin(ctx, "admin", "link", "add", p.Name, v1.ServiceTenant, v1.ServiceUser, "--person", onCallReviewer)
	return err
}
