package service

import (
	"context"
	"unicode/utf8"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// keep writes into the asking plugin's notebook.
func (c *Calls) keep(ctx context.Context, plugin string, question v1.KeepRequest) (v1.KeepReply, error) {
	switch {
	case question.Key == "" || len(question.Key) > v1.MaxNotebookKey || !utf8.ValidString(question.Key):
		return v1.KeepReply{}, core.Refuse(v1.CodeInvalid, "The key of a notebook's entry has 1 to %d bytes of text.", v1.MaxNotebookKey)
	case len(question.Value) > v1.MaxNotebookValue || !utf8.ValidString(question.Value):
		return v1.KeepReply{}, core.Refuse(v1.CodeTooLong, "The value of a notebook's entry has at most %d bytes of text.", v1.MaxNotebookValue)
	}
	err := c.Store.Update(ctx, func(tx core.Tx) error {
		if _, err := tx.Plugin(plugin); err != nil {
			return missing(err, "plugin", plugin)
		}
		return tx.SaveNotebookEntry(plugin, question.Key, question.Value, c.Now(), v1.MaxNotebookEntries)
	})
	return v1.KeepReply{}, storeError(err)
}

// recall reads from the asking plugin's notebook.
func (c *Calls) recall(ctx context.Context, plugin string, question v1.RecallRequest) (reply v1.RecallReply, err error) {
	err = c.view(ctx, plugin, func(reader core.Reader) error {
		reply.Value, err = reader.NotebookEntry(plugin, question.Key)
		return err
	})
	return reply, err
}
