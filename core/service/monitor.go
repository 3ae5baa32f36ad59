package service

import (
	"cmp"
	"slices"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const (
	// aliveFor is how long after its last heartbeat a replica counts as alive; replicas beat every few seconds.
	aliveFor = 15 * time.Second
	// rememberedFor is how long a silent replica is still shown.
	rememberedFor = 10 * time.Minute
	// maxReplicas bounds what one plugin can make the core remember.
	maxReplicas = 100
)

// PluginMonitor remembers in memory which replicas of which plugin were heard lately.
type PluginMonitor struct {
	Now func() time.Time

	mu   sync.Mutex
	seen map[string]map[string]v1.Replica
}

// Beat notes a heartbeat.
func (m *PluginMonitor) Beat(plugin string, beat v1.Heartbeat) error {
	if beat.Replica == "" || len(beat.Replica) > maxLedgerText || len(beat.Problem) > maxLedgerText {
		return core.Refuse(v1.CodeInvalid, "A heartbeat names its replica, and holds texts of at most %d bytes.", maxLedgerText)
	}
	now := m.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]map[string]v1.Replica{}
	}
	replicas := m.seen[plugin]
	if replicas == nil {
		replicas = map[string]v1.Replica{}
		m.seen[plugin] = replicas
	}
	for name, replica := range replicas {
		if now.Sub(replica.Seen) > rememberedFor {
			delete(replicas, name)
		}
	}
	if _, known := replicas[beat.Replica]; !known && len(replicas) >= maxReplicas {
		forgetSilent(replicas)
	}
	replicas[beat.Replica] = v1.Replica{Heartbeat: beat, Seen: now}
	return nil
}

// forgetSilent makes room by forgetting the replica that has been silent for longest: one that crashes and starts anew,
// under a new name each time, must not keep others out.
func forgetSilent(replicas map[string]v1.Replica) {
	oldest := ""
	for name, replica := range replicas {
		if oldest == "" || replica.Seen.Before(replicas[oldest].Seen) {
			oldest = name
		}
	}
	delete(replicas, oldest)
}

// Replicas lists a plugin's replicas by name, those that fell silent lately included.
func (m *PluginMonitor) Replicas(plugin string) []v1.Replica {
	now := m.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]v1.Replica, 0, len(m.seen[plugin]))
	for _, replica := range m.seen[plugin] {
		age := now.Sub(replica.Seen)
		if age > rememberedFor {
			continue
		}
		replica.Alive = age <= aliveFor
		list = append(list, replica)
	}
	slices.SortFunc(list, func(a, b v1.Replica) int { return cmp.Compare(a.Replica, b.Replica) })
	return list
}
