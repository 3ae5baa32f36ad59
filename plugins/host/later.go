package host

import (
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// later keeps requests that are to be looked at again after a while, the newest snapshot of each.
type later struct {
	mu      sync.Mutex
	waiting map[string]waitingRequest
}

type waitingRequest struct {
	request v1.Request
	at      time.Time
}

// maxWaiting bounds the memory; what does not fit is found by the next resync.
const maxWaiting = 10000

func newLater() *later { return &later{waiting: map[string]waitingRequest{}} }

func (l *later) put(request v1.Request, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.waiting[request.ID]
	if ok && known.request.Version > request.Version {
		request = known.request
	}
	if ok || len(l.waiting) < maxWaiting {
		l.waiting[request.ID] = waitingRequest{request: request, at: time.Now().Add(wait)}
	}
}

// due removes and returns the requests whose time has come.
func (l *later) due() []v1.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	var requests []v1.Request
	for id, entry := range l.waiting {
		if !time.Now().Before(entry.at) {
			requests = append(requests, entry.request)
			delete(l.waiting, id)
		}
	}
	return requests
}
