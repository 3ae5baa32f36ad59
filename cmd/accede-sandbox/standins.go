package main

import (
	"fmt"
	"net/http"

	"github.com/accede/accede/plugins/slack/slacksim"
	"github.com/accede/accede/plugins/standin"
)

// entry is one vendor that the sandbox stands in for.
type entry struct {
	Name, Title string
	New         func(standin.Options) (http.Handler, error)
}

// entries is the one list of stand-ins.
func entries() []entry {
	return []entry{
		{Name: "slack", Title: "Slack", New: newSlack},
	}
}

func newSlack(opts standin.Options) (http.Handler, error) {
	sim, err := slacksim.New(slacksim.Demo(), opts)
	if err != nil {
		return nil, fmt.Errorf("starting the Slack stand-in: %w", err)
	}
	return sim, nil
}
