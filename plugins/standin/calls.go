package standin

import (
	"maps"
	"net/http"
	"sync"
)

// Calls counts calls by operation and the status of their answers. The zero value is ready.
type Calls struct {
	mu       sync.Mutex
	byStatus map[string]map[int]int
}

// Count counts one call; status 0 is a call that got no answer.
func (c *Calls) Count(operation string, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byStatus == nil {
		c.byStatus = map[string]map[int]int{}
	}
	if c.byStatus[operation] == nil {
		c.byStatus[operation] = map[int]int{}
	}
	c.byStatus[operation][status]++
}

// Counting counts the calls that next answers.
func (c *Calls) Counting(operation string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := &NotedAnswer{ResponseWriter: w}
		defer func() { c.Count(operation, noted.Status) }()
		next.ServeHTTP(noted, r)
	})
}

// All returns the counts.
func (c *Calls) All() map[string]map[int]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string]map[int]int, len(c.byStatus))
	for operation, byStatus := range c.byStatus {
		out[operation] = maps.Clone(byStatus)
	}
	return out
}

// NotedAnswer notes the status of an answer, which is 0 until there is one.
type NotedAnswer struct {
	http.ResponseWriter

	Status int
}

// WriteHeader notes the status.
func (n *NotedAnswer) WriteHeader(status int) {
	n.Status = status
	n.ResponseWriter.WriteHeader(status)
}

// Write notes that an answer without a status of its own is a good one.
func (n *NotedAnswer) Write(body []byte) (int, error) {
	if n.Status == 0 {
		n.Status = http.StatusOK
	}
	return n.ResponseWriter.Write(body) //nolint:wrapcheck // a writer hands on what its writer says
}

// Unwrap lets http.ResponseController reach the connection.
func (n *NotedAnswer) Unwrap() http.ResponseWriter { return n.ResponseWriter }
