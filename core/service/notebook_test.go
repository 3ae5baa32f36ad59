package service

import (
	"strings"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
)

func TestAPluginKeepsANotebook(t *testing.T) {
	c, _ := registered(t)
	calls := c.calls()
	recall := func(plugin, key string) (string, error) {
		reply, err := askCore[v1.RecallReply](t, calls, plugin, broker.MethodRecall, v1.RecallRequest{Key: key})
		return reply.Value, err
	}
	keep := func(plugin, key, value string) error {
		_, err := askCore[v1.KeepReply](t, calls, plugin, broker.MethodKeep, v1.KeepRequest{Key: key, Value: value})
		return err
	}
	if got, err := recall("slack", "person/1"); err != nil || got != "" {
		t.Errorf("before anything was kept: %q, %v", got, err)
	}
	if err := keep("slack", "person/1", "here"); err != nil {
		t.Fatal(err)
	}
	if got, err := recall("slack", "person/1"); err != nil || got != "here" {
		t.Errorf("recalled %q, %v", got, err)
	}
	if err := keep("slack", "person/1", ""); err != nil {
		t.Fatal(err)
	}
	if got, err := recall("slack", "person/1"); err != nil || got != "" {
		t.Errorf("after deleting: %q, %v", got, err)
	}
	wantProblem(t, keep("nobody", "k", "v"), v1.CodeNotFound, 404)
	_, err := recall("nobody", "k")
	wantProblem(t, err, v1.CodeNotFound, 404)
	wantProblem(t, keep("slack", "", "v"), v1.CodeInvalid, 400)
	wantProblem(t, keep("slack", strings.Repeat("k", v1.MaxNotebookKey+1), "v"), v1.CodeInvalid, 400)
	wantProblem(t, keep("slack", "k", strings.Repeat("v", v1.MaxNotebookValue+1)), v1.CodeTooLong, 413)
	if err := keep("slack", strings.Repeat("k", v1.MaxNotebookKey), strings.Repeat("v", v1.MaxNotebookValue)); err != nil {
		t.Errorf("the largest entry: %v", err)
	}
}
