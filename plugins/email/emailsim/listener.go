package emailsim

import (
	"net"
	"sync"
)

// tracker is a listener that knows its connections, so that they can be ended from outside.
type tracker struct {
	net.Listener

	mu    sync.Mutex
	conns map[*tracked]struct{}
}

// tracked is a connection that tells its tracker when it ends.
type tracked struct {
	net.Conn
	tracker *tracker
}

func newTracker(l net.Listener) *tracker {
	return &tracker{Listener: l, conns: map[*tracked]struct{}{}}
}

// Accept waits for the next connection.
func (t *tracker) Accept() (net.Conn, error) {
	conn, err := t.Listener.Accept()
	if err != nil {
		return nil, err
	}
	one := &tracked{Conn: conn, tracker: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[one] = struct{}{}
	return one, nil
}

// Close ends the connection.
func (c *tracked) Close() error {
	c.tracker.mu.Lock()
	delete(c.tracker.conns, c)
	c.tracker.mu.Unlock()
	return c.Conn.Close()
}

// drop ends all connections.
func (t *tracker) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for one := range t.conns {
		_ = one.Conn.Close()
	}
}
