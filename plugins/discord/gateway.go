package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/accede/accede/plugins"
)

const (
	// maxAtOnce bounds the clicks that are worked on at a time.
	maxAtOnce = 64
	// settled is how long a connection has to have lasted for the next one to be opened at once. After a shorter one the
	// host waits, unless Discord has asked for another one, and that not too often in a row.
	settled  = 5 * time.Second
	maxShort = 5
)

// gatewayBot takes clicks over a connection that it opens to Discord.
type gatewayBot struct {
	*bot

	mu sync.Mutex
	// last is the session to go on with, so that no click is lost while the connection is renewed.
	last session
}

// session is what it takes to go on where a connection ended.
type session struct {
	id, url  string
	sequence int64
}

// Listen keeps a connection until the context ends; it then waits for the clicks at hand. It returns when Discord refuses
// the token, or cannot be reached.
func (b *gatewayBot) Listen(ctx context.Context, decisions plugins.Decisions) error {
	l := &listening{
		bot: b, clicks: clicks{bot: b.bot, decisions: decisions, door: ModeGateway}, slots: make(chan struct{}, maxAtOnce),
	}
	defer l.work.Wait()
	for short := 0; ; {
		started := time.Now()
		err := l.connection(ctx)
		if short++; time.Since(started) >= settled {
			short = 0
		}
		asked := errors.Is(err, errAskedToReconnect) && short < maxShort
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the end that was asked for
		case final(err) || short > 0 && !asked:
			return failure("listening to discord", repeatable, err)
		}
		b.log.Info("gateway connection is renewed", "err", plainError(err))
	}
}

// listening is the work of one call of Listen.
type listening struct {
	bot    *gatewayBot
	clicks clicks
	slots  chan struct{}
	work   sync.WaitGroup
}

// connection opens one connection and reads it to its end. It always returns an error.
func (l *listening) connection(ctx context.Context) error {
	before := l.bot.session()
	address, err := l.address(ctx, before)
	if err != nil {
		return err
	}
	conn, err := dialGateway(ctx, address)
	if err != nil {
		l.bot.forgetAddress()
		return err
	}
	defer func() { _ = conn.Close() }()
	wire := &wire{conn: conn}
	stop := context.AfterFunc(ctx, wire.goodbye)
	defer stop()
	line := &line{listening: l, wire: wire, session: before}
	defer func() { l.bot.keep(line.session) }()
	err = line.read(ctx)
	line.ended(err)
	return explainClose(err)
}

// address is where to connect: where the last session goes on, or what Discord names.
func (l *listening) address(ctx context.Context, last session) (string, error) {
	address := last.url
	if last.id == "" || address == "" {
		at, err := l.clicks.api.entrance(ctx)
		if err != nil {
			return "", err
		}
		if at.Limit.Total > 0 && at.Limit.Remaining <= 0 {
			return "", &plugins.Error{
				Op: "connecting to the gateway", Kind: plugins.RateLimited,
				RetryAfter: time.Duration(at.Limit.ResetAfter) * time.Millisecond,
				Public:     "The bot has connected to Discord too often today; look for another program that uses its token.",
			}
		}
		address = at.URL
	}
	to, err := url.Parse(address)
	if err != nil || to.Host == "" || to.Scheme != "wss" && (l.clicks.api.secure || to.Scheme != "ws") {
		return "", fmt.Errorf("%w: the gateway's address is not one", errUnreadable)
	}
	to.RawQuery = url.Values{"v": {gatewayVersion}, "encoding": {"json"}}.Encode()
	return to.String(), nil
}

const (
	gatewayVersion = "10"
	dialWithin     = 10 * time.Second
	// maxFrame bounds what Discord may send at once.
	maxFrame  = 4 << 20
	writeWait = 5 * time.Second
)

func dialGateway(ctx context.Context, address string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialWithin}
	conn, answer, err := dialer.DialContext(ctx, address, http.Header{"User-Agent": {userAgent}})
	if err != nil {
		if answer != nil {
			_ = answer.Body.Close()
			return nil, fmt.Errorf("%w: the gateway answered %d", err, answer.StatusCode)
		}
		return nil, err
	}
	conn.SetReadLimit(maxFrame)
	return conn, nil
}

func (b *gatewayBot) session() session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

func (b *gatewayBot) keep(s session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = s
}

// forgetAddress makes the next connection ask Discord where to.
func (b *gatewayBot) forgetAddress() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last.url = ""
}

// take works on one click beside the others.
func (l *listening) take(ctx context.Context, raw json.RawMessage) {
	i, err := parseInteraction(raw)
	if err != nil || i.Type == typePing {
		l.clicks.log.Warn("interaction could not be read", "err", err)
		return
	}
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return
	}
	l.work.Go(func() {
		defer func() { <-l.slots }()
		// A click at hand is finished even if the plugin is told to stop; handle bounds its time.
		l.clicks.handle(context.WithoutCancel(ctx), i)
	})
}

// wire is a connection that several may write to.
type wire struct {
	conn  *websocket.Conn
	write sync.Mutex
}

func (w *wire) send(frame any) error {
	w.write.Lock()
	defer w.write.Unlock()
	_ = w.conn.SetWriteDeadline(time.Now().Add(writeWait))
	return w.conn.WriteJSON(frame)
}

// goodbye ends the connection and, with it, the session.
func (w *wire) goodbye() { w.close(websocket.CloseNormalClosure) }

// close ends the connection. Any code but 1000 and 1001 leaves the session to be gone on with.
func (w *wire) close(code int) {
	_ = w.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(writeWait))
	_ = w.conn.Close()
}
