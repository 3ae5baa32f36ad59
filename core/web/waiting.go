package web

import (
	"fmt"
	"io"
	"strconv"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/web/ui"
)

const (
	waitingPath   = "/waiting"
	waitingScript = "waiting.js"
	// mostCounted is where the navigation stops counting, and pageLength how many requests a list shows at a time.
	mostCounted = 100
	pageLength  = 25
)

func (s *site) waitingRoutes() {
	s.page("GET "+waitingPath, showWaiting)
	s.page("GET "+waitingPath+"/count", sendCount)
}

// waitingView is what the list of waiting requests shows.
type waitingView struct {
	page  v1.RequestPage
	first bool
	clock ui.Clock
}

func showWaiting(v *visit) error {
	after, err := cursorOf(v.r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	view := waitingView{clock: v.clock(), first: after == ""}
	if view.page, err = v.Service.Waiting(v.ctx(), v.actor, after, pageLength); err != nil {
		return err
	}
	return v.render(screen{title: "Waiting for you", content: waitingPage(view), scripts: []string{htmxScript}})
}

// cursorOf is where a list goes on, in its one spelling; empty is its beginning.
func cursorOf(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return "", errNoPage
	}
	return id.String(), nil
}

// sendCount tells a page that is open how much waits by now.
func sendCount(v *visit) error {
	count, _ := v.countWaiting()
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(v.w, count) // the reader may have gone
	return nil
}

// countWaiting says how much waits for the reader, in words and empty for nothing, and whether anything ever could. A page
// is shown without it rather than not at all.
func (v *visit) countWaiting() (count string, reviewer bool) {
	number, reviewer, err := v.Service.CountWaiting(v.ctx(), v.actor, mostCounted)
	if err != nil {
		v.log(fmt.Errorf("counting what waits: %w", err))
		return "", false
	}
	switch number {
	case 0:
		return "", reviewer
	case mostCounted:
		return strconv.Itoa(mostCounted-1) + "+", reviewer
	default:
		return strconv.Itoa(number), reviewer
	}
}
