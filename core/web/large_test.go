package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// fillLarge stores 100,000 requests of fifty people, of which one in a hundred waits.
func (h *house) fillLarge(b *testing.B) {
	b.Helper()
	const all, batch = 100_000, 1000
	example := h.ask("example")
	for done := 0; done < all; done += batch {
		err := h.Store.Update(b.Context(), func(tx core.Tx) error {
			for i := range batch {
				if err := insertLarge(tx, example, done+i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func insertLarge(tx core.Tx, example v1.Request, i int) error {
	request := example
	request.ID, request.Version = fmt.Sprintf("01946a00-0000-7000-8000-%012d", i), 1
	request.Requester.Name = fmt.Sprintf("person-%d", i%50)
	request.Created = example.Created.Add(time.Duration(i-100_000) * time.Minute)
	if i%50 == 7 {
		request.Requester = example.Requester
	}
	if i%100 != 0 {
		request.State = v1.StateDenied
		request.Resolution = &v1.Resolution{State: v1.StateDenied, At: request.Created}
	}
	return tx.InsertRequest(request, "ask")
}

// BenchmarkPages opens each page with 100,000 requests stored, as a requester, as a reviewer of what they are for, and as a
// reviewer of something else.
func BenchmarkPages(b *testing.B) {
	h := open(b)
	h.apply(documents + `
---
kind: role
version: v1
metadata: {name: other-reviewer}
spec: {allow: {review_requests: {roles: [other]}}}
---
kind: user
version: v1
metadata: {name: carol}
spec: {roles: [other-reviewer]}
`)
	h.fillLarge(b)
	for _, name := range []string{"alice", "ivan", "carol"} {
		reader := h.signedIn(name)
		for _, path := range []string{
			"/", "/waiting", "/waiting/count", "/requests", "/requests?asker=me", "/requests?state=approved", "/requests?role=dba&state=denied",
			"/requests?reviewer=me", "/requests?text=example", "/requests?text=nowhere", "/requests?since=2026-02-01", "/ask?role=dba",
		} {
			b.Run(name+path, func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					began := time.Now()
					if got := reader.get(path); got.status != http.StatusOK {
						b.Fatal(got.status)
					}
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			})
		}
	}
}
