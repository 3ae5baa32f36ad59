package host

import "github.com/accede/accede/plugins"

// capabilities are what a plugin can do, found once by type assertion; nil where it cannot.
type capabilities struct {
	Updater  plugins.Updater
	Replier  plugins.Replier
	Finder   plugins.Finder
	Resolver plugins.Resolver
	Answerer plugins.Answerer
	Receiver plugins.Receiver
	Listener plugins.Listener
	Poller   plugins.Poller
	OnCaller plugins.OnCaller
	Checker  plugins.Checker
	Closer   plugins.Closer
}

func capabilitiesOf(plugin plugins.Notifier) capabilities {
	var can capabilities
	can.Updater, _ = plugin.(plugins.Updater)
	can.Replier, _ = plugin.(plugins.Replier)
	can.Finder, _ = plugin.(plugins.Finder)
	can.Resolver, _ = plugin.(plugins.Resolver)
	can.Answerer, _ = plugin.(plugins.Answerer)
	can.Receiver, _ = plugin.(plugins.Receiver)
	can.Listener, _ = plugin.(plugins.Listener)
	can.Poller, _ = plugin.(plugins.Poller)
	can.OnCaller, _ = plugin.(plugins.OnCaller)
	can.Checker, _ = plugin.(plugins.Checker)
	can.Closer, _ = plugin.(plugins.Closer)
	return can
}

// names lists them as heartbeats tell them.
func (c capabilities) names() []string {
	names := []string{"notify"}
	for _, one := range []struct {
		name string
		has  bool
	}{
		{"update", c.Updater != nil},
		{"reply", c.Replier != nil},
		{"find", c.Finder != nil},
		{"resolve", c.Resolver != nil},
		{"answer", c.Answerer != nil},
		{"receive", c.Receiver != nil},
		{"listen", c.Listener != nil},
		{"poll", c.Poller != nil},
		{"on_call", c.OnCaller != nil},
		{"check", c.Checker != nil},
	} {
		if one.has {
			names = append(names, one.name)
		}
	}
	return names
}
