package plugintest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

const (
	patience = 20 * time.Second
	sealKey  = "a secret that all replicas share"
)

// bench is a plugin on the workbench: opened against a stand-in, with a tap on everything between the two.
type bench struct {
	t       *testing.T
	subject Subject
	vendor  Vendor
	plugin  plugins.Notifier
	tap     *tap
	log     *obstest.Log
	errs    []error
	door    *door
	board   *Board
}

// door takes the vendor's callbacks before there is a plugin to take them.
type door struct {
	mu      sync.Mutex
	handler http.Handler
}

func (d *door) open(handler http.Handler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handler = handler
}

// ServeHTTP hands a callback to the plugin.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	handler := d.handler
	d.mu.Unlock()
	if handler == nil {
		http.Error(w, "nobody is here yet", http.StatusServiceUnavailable)
		return
	}
	handler.ServeHTTP(w, r)
}

// newBench starts a stand-in without opening the plugin.
func newBench(t *testing.T, subject Subject) *bench {
	t.Helper()
	b := &bench{t: t, subject: subject, tap: &tap{}, door: &door{}, board: &Board{}}
	server := httptest.NewServer(b.door)
	t.Cleanup(server.Close)
	b.vendor = subject.NewVendor(t, server.URL)
	if b.vendor.Recipient == "" {
		b.vendor.Recipient = b.vendor.Destination.ID
	}
	client := vendorhttp.New(vendorhttp.Options{})
	t.Cleanup(client.CloseIdleConnections)
	b.tap.next, b.tap.creates = client.Transport, b.vendor.Creates
	_, b.log = obstest.Logger(t)
	t.Cleanup(b.checkTraces)
	return b
}

// openBench starts a stand-in and opens the plugin.
func openBench(t *testing.T, subject Subject) *bench {
	t.Helper()
	b := newBench(t, subject)
	plugin, err := subject.Spec.Open(t.Context(), b.vendor.Config, b.deps())
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	b.plugin = plugin
	t.Cleanup(b.closePlugin)
	return b
}

func (b *bench) closePlugin() {
	if closer, ok := b.plugin.(plugins.Closer); ok {
		if err := closer.Close(); err != nil {
			b.t.Errorf("closing: %v", err)
		}
	}
}

func (b *bench) deps() plugins.Deps {
	return plugins.Deps{
		Logger: newLogger(b.log), HTTP: b.client(), Now: func() time.Time { return time.Now().UTC() },
		Seal: plugins.NewSealer([]byte(sealKey)), Cards: b.board, DecideInChat: true,
	}
}

func (b *bench) client() *http.Client {
	client := vendorhttp.New(vendorhttp.Options{})
	client.Transport = b.tap
	return client
}

// checkTraces looks at what is left behind: open bodies, secrets in logs and errors.
func (b *bench) checkTraces() {
	if left := b.tap.unclosed(); left != 0 {
		b.t.Errorf("%d bodies of the vendor's answers were not closed", left)
	}
	secrettest.AssertAbsent(b.t, b.log.String(), b.subject.Secrets...)
	for _, err := range b.errs {
		secrettest.AssertErrorClean(b.t, err, b.subject.Secrets...)
	}
}

// post puts a card at the destination and notes the error for the search for secrets.
func (b *bench) post(ctx context.Context, key string, card plugins.Card) (plugins.Ref, error) {
	ref, err := b.plugin.Post(ctx, b.vendor.Destination, key, card)
	if err != nil {
		b.errs = append(b.errs, err)
		return ref, err
	}
	b.board.Put(plugins.Posted{Card: card, Destination: b.vendor.Destination, Ref: ref, Since: time.Now()})
	return ref, nil
}

func (b *bench) mustPost(key string, card plugins.Card) plugins.Ref {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	ref, err := b.post(ctx, key, card)
	if err != nil {
		b.t.Fatalf("posting: %v", err)
	}
	if ref == "" {
		b.t.Fatal("posting returned no reference")
	}
	return ref
}

func (b *bench) mustUpdate(ref plugins.Ref, card plugins.Card) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	updater, ok := b.plugin.(plugins.Updater)
	if !ok {
		b.t.Fatal("the plugin cannot update")
	}
	if err := updater.Update(ctx, ref, card); err != nil {
		b.t.Fatalf("updating: %v", err)
	}
}

// last returns the newest message.
func (b *bench) last() Message {
	b.t.Helper()
	messages := b.vendor.Messages()
	if len(messages) == 0 {
		b.t.Fatal("the vendor shows nothing")
	}
	return messages[len(messages)-1]
}
