package embedded

import (
	"fmt"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/jetstream"
)

// right is one subject that a plugin may send to and that the core's account answers.
type right struct {
	here string // the subject in the plugin's account
	core string // the subject in the core's account
}

func accountName(plugin string) string { return "plugin-" + plugin }

// rights lists all that a plugin may send to.
func rights(plugin string) []right {
	consumer := broker.PluginConsumer(plugin)
	same := func(subject string) right { return right{here: subject, core: subject} }
	return []right{
		{
			here: jetstream.NextSubject(jetstream.PluginAPIPrefix, consumer.Stream, consumer.Name),
			core: jetstream.NextSubject(jetstream.CoreAPIPrefix, consumer.Stream, consumer.Name),
		},
		{
			here: jetstream.InfoSubject(jetstream.PluginAPIPrefix, consumer.Stream, consumer.Name),
			core: jetstream.InfoSubject(jetstream.CoreAPIPrefix, consumer.Stream, consumer.Name),
		},
		same(jetstream.AckPattern(consumer.Stream, consumer.Name)),
		same(broker.ActionSubject(plugin, "*")),
		same(broker.CallSubject(plugin, "*")),
	}
}

// settle makes a plugin's account. Whatever a plugin sends stays in its account unless it matches one of its rights,
// and so do the answers, which the server sends to whatever subject the plugin has asked for.
func settle(running *server.Server, plugin string) (*server.Account, error) {
	core, err := running.LookupAccount(coreAccount)
	if err != nil {
		return nil, fmt.Errorf("finding the core's account: %w", err)
	}
	account, _ := running.LookupOrRegisterAccount(accountName(plugin))
	only := []*server.Account{account}
	for _, right := range rights(plugin) {
		// One answer per request: a pull asks for one message and has no heartbeats.
		if err := core.AddServiceExport(right.core, only); err != nil {
			return nil, fmt.Errorf("exporting %s: %w", right.core, err)
		}
		if err := account.AddServiceImport(core, right.here, right.core); err != nil {
			return nil, fmt.Errorf("importing %s: %w", right.core, err)
		}
	}
	results := broker.ResultPattern(plugin)
	if err := core.AddStreamExport(results, only); err != nil {
		return nil, fmt.Errorf("exporting %s: %w", results, err)
	}
	if err := account.AddStreamImport(core, results, ""); err != nil {
		return nil, fmt.Errorf("importing %s: %w", results, err)
	}
	return account, nil
}

// permissions repeats the rights as a list of what is allowed, so that a plugin is told what it may not do, and so that
// the product's own subjects of its account are closed too.
func permissions(plugin string) *server.Permissions {
	publish := make([]string, 0, len(rights(plugin)))
	for _, right := range rights(plugin) {
		publish = append(publish, right.here)
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: publish},
		Subscribe: &server.SubjectPermission{Allow: []string{broker.ResultPattern(plugin), jetstream.InboxPrefix(plugin) + ".>"}},
	}
}
