package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/accede/accede/plugins/catalog"
	"github.com/accede/accede/plugins/standin"
)

// seen is a card that reached the vendor.
type seen struct {
	at          time.Time
	channel, ts string
	buttons     bool
}

// vendor is a Slack stand-in that tells who waits for a card as soon as the card is there.
type vendor struct {
	address  string
	callback string
	standIn  catalog.StandIn
	server   *http.Server

	mu      sync.Mutex
	waiting map[string]chan seen
}

func newVendor(ctx context.Context, callback string) (*vendor, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the plugin: %w", err)
	}
	v := &vendor{address: "http://" + listener.Addr().String(), callback: callback, waiting: map[string]chan seen{}}
	entry, ok := catalog.Find("slack")
	if !ok {
		return nil, errors.New("the catalog has no Slack plugin")
	}
	v.standIn, err = entry.StandIn(standin.Options{BaseURL: v.address + "/slack", CallbackURL: callback, Seed: 1})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/slack/", http.StripPrefix("/slack", http.HandlerFunc(v.serve)))
	v.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = v.server.Serve(listener) }()
	return v, nil
}

func (v *vendor) close() {
	_ = v.standIn.Close()
	_ = v.server.Close()
}

func (v *vendor) serve(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	if method != "chat.postMessage" && method != "chat.update" {
		v.standIn.ServeHTTP(w, r)
		return
	}
	arrived := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := &tee{ResponseWriter: w}
	v.standIn.ServeHTTP(answer, r)
	v.tell(body, answer.body.Bytes(), arrived)
}

// tee keeps what it passes on.
type tee struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (t *tee) Write(p []byte) (int, error) {
	t.body.Write(p)
	return t.ResponseWriter.Write(p)
}

var mark = regexp.MustCompile(`bench-\d+-`)

func (v *vendor) tell(body, answer []byte, arrived time.Time) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("thread_ts") != "" {
		return
	}
	blocks := form.Get("blocks")
	v.mu.Lock()
	waiting := v.waiting[mark.FindString(blocks)]
	v.mu.Unlock()
	if waiting == nil {
		return
	}
	var posted struct {
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	}
	_ = json.Unmarshal(answer, &posted)
	select {
	case waiting <- seen{at: arrived, channel: posted.Channel, ts: posted.TS, buttons: strings.Contains(blocks, `"actions"`)}:
	default:
	}
}

// expect registers interest in the cards that bear a mark.
func (v *vendor) expect(mark string) (cards <-chan seen, done func()) {
	waiting := make(chan seen, 16)
	v.mu.Lock()
	v.waiting[mark] = waiting
	v.mu.Unlock()
	return waiting, func() {
		v.mu.Lock()
		delete(v.waiting, mark)
		v.mu.Unlock()
	}
}

// click presses Approve on a card; the stand-in sends the signed callback.
func (v *vendor) click(ctx context.Context, user string, card seen, action string) error {
	ask, err := json.Marshal(map[string]string{"user": user, "channel": card.channel, "ts": card.ts, "action_id": action})
	if err != nil {
		return err
	}
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/sandbox/click", bytes.NewReader(ask))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	v.standIn.ServeHTTP(answer, request)
	var result struct {
		OK    bool   `json:"ok"`
		Error string `json:"shown_error"`
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &result); err != nil || !result.OK {
		return fmt.Errorf("click was answered %d: %.200s", answer.Code, answer.Body)
	}
	return nil
}
