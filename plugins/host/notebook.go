package host

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
)

// notebook keeps what the plugin learns with the core.
type notebook struct{ host *Host }

var _ plugins.Notebook = notebook{}

// notebookOf is nil without a broker, which is how a plugin is only checked.
func notebookOf(h *Host) plugins.Notebook {
	if h.broker == nil {
		return nil
	}
	return notebook{h}
}

// Keep implements [plugins.Notebook].
func (n notebook) Keep(ctx context.Context, key, value string) error {
	_, err := ask[v1.KeepReply](ctx, n.host.deliverer.core, broker.MethodKeep, v1.KeepRequest{Key: key, Value: value})
	return err
}

// Recall implements [plugins.Notebook].
func (n notebook) Recall(ctx context.Context, key string) (string, error) {
	reply, err := ask[v1.RecallReply](ctx, n.host.deliverer.core, broker.MethodRecall, v1.RecallRequest{Key: key})
	return reply.Value, err
}
