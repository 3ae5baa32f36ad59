package plugintest_test

import (
	"errors"
	"slices"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/plugintest"
)

var errAway = errors.New("the core is away")

func TestDecisions(t *testing.T) {
	var taken plugintest.Decisions
	var heard []string
	taken.Then(func(d v1.Decision) { heard = append(heard, d.ID) })
	submit := func(id string) error { return taken.Submit(t.Context(), v1.Decision{ID: id}) }
	if err := errors.Join(submit("a"), submit("b"), submit("a")); err != nil {
		t.Error(err)
	}
	if len(taken.All()) != 3 || len(taken.Distinct()) != 2 || !slices.Equal(heard, []string{"a", "b", "a"}) {
		t.Errorf("took %v, heard %v", taken.All(), heard)
	}
	taken.Forget()
	taken.Refuse(errAway)
	if err := submit("c"); !errors.Is(err, errAway) || len(taken.All()) != 1 {
		t.Errorf("refused with %v, took %v", err, taken.All())
	}
}

func TestBoard(t *testing.T) {
	var board plugintest.Board
	board.Put(plugins.Posted{Card: plugintest.DemoCard(), Ref: "1"})
	board.Put(plugins.Posted{Card: plugins.Card{RequestID: "another"}, Ref: "2"})
	board.Show(plugintest.DemoCard(func(c *plugins.Card) { plugintest.Resolve(c, v1.StateDenied, v1.Resolution{}) }))
	found, err := board.Of(t.Context(), plugintest.RequestID)
	if err != nil || len(found) != 1 || found[0].Card.State != v1.StateDenied || found[0].Ref != "1" || len(board.All()) != 2 {
		t.Errorf("found %+v, %v", found, err)
	}
	board.Fail(errAway)
	if _, err := board.Of(t.Context(), plugintest.RequestID); !errors.Is(err, errAway) {
		t.Errorf("failed with %v", err)
	}
}
