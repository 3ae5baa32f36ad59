package client

import (
	"strings"
	"testing"
)

func FuzzReadEvents(f *testing.F) {
	for _, seed := range []string{
		"id: 1\nevent: request\ndata: {}\n\n", ": alive\n\n", "retry: 2000\n\n", "event: problem\ndata: {\"code\":\"internal\"}\n\n",
		"event: problem\ndata: x\n\n", "data: a\ndata: b\n\n", "id\n\n", "data: unfinished\n", "\r\n\r\n", ":\n:\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last, taken := "", 0
		err := readEvents(strings.NewReader(text), &last, func([]byte) error { taken++; return nil })
		if err == nil && taken > strings.Count(text, "\n") {
			t.Errorf("%d events from %q", taken, text)
		}
		if strings.ContainsAny(last, "\n") {
			t.Errorf("the last id is %q", last)
		}
	})
}

func TestUnfinishedEventsAreLeft(t *testing.T) {
	last := ""
	var taken []string
	text := "id: 7\nevent: x\ndata: whole\n\nid: 8\nevent: x\ndata: cut\n"
	err := readEvents(strings.NewReader(text), &last, func(data []byte) error { taken = append(taken, string(data)); return nil })
	if err != nil || last != "7" || len(taken) != 1 || taken[0] != "whole" {
		t.Errorf("last %q, taken %q, %v", last, taken, err)
	}
}
