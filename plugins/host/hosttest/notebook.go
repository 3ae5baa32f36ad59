package hosttest

import v1 "github.com/accede/accede/api/v1"

// Notebook returns an entry of the plugin's notebook, empty if there is none.
func (c *Core) Notebook(key string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.notebook[key]
}

// keep writes an entry. The lock is held.
func (c *Core) keep(question v1.KeepRequest) v1.KeepReply {
	c.notebook[question.Key] = question.Value
	return v1.KeepReply{}
}

// recall reads an entry. The lock is held.
func (c *Core) recall(question v1.RecallRequest) v1.RecallReply {
	return v1.RecallReply{Value: c.notebook[question.Key]}
}
