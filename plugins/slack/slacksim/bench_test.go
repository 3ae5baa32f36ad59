package slacksim_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/slack-go/slack"

	"github.com/accede/accede/plugins/slack/slacksim"
	"github.com/accede/accede/plugins/standin"
)

// benchBlocks is about the size of a real card.
const benchBlocks = `[{"type":"header","text":{"type":"plain_text","text":"Access request: dba"}},` +
	`{"type":"section","block_id":"s","fields":[{"type":"mrkdwn","text":"*Asked by*\nalice"},{"type":"mrkdwn","text":"*Role*\ndba"},` +
	`{"type":"mrkdwn","text":"*For*\n4 hours"},{"type":"mrkdwn","text":"*Approvals*\n0 of 2"}]},` +
	`{"type":"section","block_id":"r","text":{"type":"plain_text","text":"ticket #123, the nightly import is stuck and needs a look at the locks"}},` +
	`{"type":"actions","block_id":"a","elements":[{"type":"button","action_id":"approve","style":"primary","value":"r1","text":{"type":"plain_text","text":"Approve"}},` +
	`{"type":"button","action_id":"deny","style":"danger","value":"r1","text":{"type":"plain_text","text":"Deny"}}]},` +
	`{"type":"context","block_id":"c","elements":[{"type":"mrkdwn","text":"Fingerprint 3f9a 22c1"}]}]`

func benchSim(b *testing.B) *slacksim.Sim {
	b.Helper()
	sim, err := slacksim.New(slacksim.Demo(), standin.Options{BaseURL: "http://127.0.0.1:4190/slack"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = sim.Close() })
	return sim
}

func benchCall(b *testing.B, sim *slacksim.Sim, method string, form url.Values) {
	b.Helper()
	req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/"+method, bytes.NewReader([]byte(form.Encode())))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+slacksim.DemoBotToken)
	rec := httptest.NewRecorder()
	sim.ServeHTTP(rec, req)
	if !bytes.Contains(rec.Body.Bytes(), []byte(`"ok":true`)) {
		b.Fatalf("%s: %s", method, rec.Body)
	}
}

func BenchmarkPost(b *testing.B) {
	sim := benchSim(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		benchCall(b, sim, "chat.postMessage", url.Values{
			"channel": {access}, "text": {"asks"}, "blocks": {benchBlocks},
			"metadata": {fmt.Sprintf(`{"event_type":"card","event_payload":{"key":"k%d"}}`, i)},
		})
	}
}

func BenchmarkUpdate(b *testing.B) {
	sim := benchSim(b)
	benchCall(b, sim, "chat.postMessage", url.Values{"channel": {access}, "text": {"asks"}, "blocks": {benchBlocks}})
	ts := sim.Messages()[0].TS
	b.ReportAllocs()
	for b.Loop() {
		benchCall(b, sim, "chat.update", url.Values{"channel": {access}, "ts": {ts}, "text": {"asks"}, "blocks": {benchBlocks}})
	}
}

func BenchmarkPostParallel(b *testing.B) {
	sim := benchSim(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			benchCall(b, sim, "chat.postMessage", url.Values{"channel": {access}, "text": {"asks"}, "blocks": {benchBlocks}})
		}
	})
}

// BenchmarkPostAndUpdateOverTCP is what a load test sees: slack-go posting a card and updating it, 16 at a time.
func BenchmarkPostAndUpdateOverTCP(b *testing.B) {
	w := newWorld(b)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, ts, err := w.api.PostMessageContext(b.Context(), access, card(), key("k"), slack.MsgOptionText("asks", false))
			if err != nil {
				b.Error(err)
				return
			}
			if _, _, _, err := w.api.UpdateMessageContext(b.Context(), access, ts, card(), slack.MsgOptionText("asks", false)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
