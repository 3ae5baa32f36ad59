package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
)

const (
	// callWorkers is how many calls are answered at a time. They mostly wait for the same commit.
	callWorkers = 64
	// maxCallBytes bounds a question.
	maxCallBytes = 64 << 10
	// callTimeout bounds the work on one question: nobody waits for the answer longer.
	callTimeout = 5 * time.Second
	// maxResolved bounds the people of one question.
	maxResolved = 500
)

// CallServer hands out the calls of plugins.
type CallServer interface {
	// Answer answers calls on subjects that match pattern, at most workers at a time, until ctx ends.
	Answer(ctx context.Context, pattern string, workers int, answer broker.Answerer) error
}

// Calls answers what plugins ask. A plugin is whoever the subject of the call says, which the broker has verified.
type Calls struct {
	Server  CallServer
	Store   core.Store
	Ledger  *Ledger
	Resync  *Resync
	Monitor *PluginMonitor
	Duties  *Duties
	// Touched is called after each commit that has changed a request.
	Touched func()
	Now     func() time.Time
	Logger  *slog.Logger
	// Version and PublicURL are told to replicas.
	Version   string
	PublicURL string
}

// Run answers until ctx ends.
func (c *Calls) Run(ctx context.Context) error {
	return c.Server.Answer(ctx, broker.CallPattern, callWorkers, c.Answer)
}

// Answer answers one call with an encoded [v1.CallReply].
func (c *Calls) Answer(ctx context.Context, subject string, data []byte) []byte {
	// A call that was received is answered even if the core is stopping: the plugin may hold a lease on it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	result, err := c.guarded(ctx, subject, data)
	if err == nil {
		var encoded json.RawMessage
		if encoded, err = json.Marshal(result); err == nil {
			return encodeReply(v1.CallReply{Result: encoded})
		}
	}
	problem := problemOf(err)
	if problem.Status >= http.StatusInternalServerError {
		c.Logger.ErrorContext(ctx, "answering a plugin", slog.String("subject", subject), slog.Any("err", err))
	}
	return encodeReply(v1.CallReply{Error: problem})
}

func encodeReply(reply v1.CallReply) []byte {
	body, err := json.Marshal(reply)
	if err != nil { // a result is encoded already, and a problem is plain text
		return nil
	}
	return body
}

// guarded turns a panic into an error, so that one odd question does not end the process.
func (c *Calls) guarded(ctx context.Context, subject string, data []byte) (result any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("answering panicked: %v\n%s", cause, debug.Stack())
		}
	}()
	plugin, method, ok := broker.CallMethod(subject)
	if !ok {
		return nil, core.Refuse(v1.CodeInvalid, "%.128q is not a call.", subject)
	}
	if len(data) > maxCallBytes {
		return nil, core.Refuse(v1.CodeTooLong, "The call has %d bytes, the limit is %d.", len(data), maxCallBytes)
	}
	return c.dispatch(ctx, plugin, method, data)
}

func (c *Calls) dispatch(ctx context.Context, plugin, method string, data []byte) (any, error) {
	switch method {
	case broker.MethodClaim:
		return call(ctx, plugin, data, c.Ledger.Claim)
	case broker.MethodRecord:
		return call(ctx, plugin, data, c.Ledger.Record)
	case broker.MethodFail:
		return call(ctx, plugin, data, c.Ledger.Fail)
	case broker.MethodSync:
		return call(ctx, plugin, data, c.Resync.Sync)
	case broker.MethodResolve:
		return call(ctx, plugin, data, c.resolve)
	case broker.MethodOutcome:
		return call(ctx, plugin, data, c.outcome)
	case broker.MethodHeartbeat:
		return call(ctx, plugin, data, c.heartbeat)
	case broker.MethodCards:
		return call(ctx, plugin, data, c.cards)
	case broker.MethodDuty:
		return call(ctx, plugin, data, c.Duties.Take)
	case broker.MethodNote:
		return call(ctx, plugin, data, c.note)
	case broker.MethodKeep:
		return call(ctx, plugin, data, c.keep)
	case broker.MethodRecall:
		return call(ctx, plugin, data, c.recall)
	}
	return nil, core.Refuse(v1.CodeNotFound, "There is no method %.64q; the plugin may be newer than the core.", method)
}

// call decodes a question and asks it.
func call[Question, Reply any](ctx context.Context, plugin string, data []byte,
	ask func(context.Context, string, Question) (Reply, error),
) (any, error) {
	var question Question
	if err := json.Unmarshal(data, &question); err != nil {
		refusal := core.Refuse(v1.CodeInvalid, "The call cannot be read as JSON of its method.")
		refusal.Err = err
		return nil, refusal
	}
	return ask(ctx, plugin, question)
}

// view reads on behalf of a plugin that must be known.
func (c *Calls) view(ctx context.Context, plugin string, read func(core.Reader) error) error {
	return c.Store.View(ctx, func(reader core.Reader) error {
		if _, err := reader.Plugin(plugin); err != nil {
			return missing(err, "plugin", plugin)
		}
		return read(reader)
	})
}

// resolve tells which of the plugin's accounts belong to people.
func (c *Calls) resolve(ctx context.Context, plugin string, question v1.ResolveRequest) (v1.ResolveReply, error) {
	reply := v1.ResolveReply{Identities: map[string][]v1.Identity{}}
	if len(question.People) > maxResolved {
		return reply, core.Refuse(v1.CodeTooLong, "Ask for at most %d people at a time.", maxResolved)
	}
	err := c.view(ctx, plugin, func(reader core.Reader) error {
		for _, person := range question.People {
			if person == "" {
				continue
			}
			links, err := reader.Links(person)
			if err != nil {
				return err
			}
			for _, link := range links {
				if link.Plugin == plugin {
					reply.Identities[person] = append(reply.Identities[person], link.Identity)
				}
			}
		}
		return nil
	})
	return reply, err
}

// outcome tells the result of a decision that came through the asking plugin.
func (c *Calls) outcome(ctx context.Context, plugin string, question v1.OutcomeRequest) (reply v1.OutcomeReply, err error) {
	err = c.view(ctx, plugin, func(reader core.Reader) error {
		action, err := reader.Action(question.DecisionID)
		if errors.Is(err, core.ErrNotFound) {
			return nil
		}
		if err == nil && action.Plugin == plugin {
			reply.Result = &action.Answer.Result
		}
		return err
	})
	return reply, err
}

func (c *Calls) heartbeat(ctx context.Context, plugin string, beat v1.Heartbeat) (v1.HeartbeatReply, error) {
	reply := v1.HeartbeatReply{CoreVersion: c.Version, PublicURL: c.PublicURL}
	err := c.view(ctx, plugin, func(reader core.Reader) error {
		relay, err := reader.Relay()
		reply.Epoch = relay.Epoch
		return err
	})
	if err != nil {
		return v1.HeartbeatReply{}, err
	}
	return reply, c.Monitor.Beat(plugin, beat)
}

// problemOf is the problem document of an error. What is no refusal is not told to plugins in detail.
func problemOf(err error) *v1.Problem {
	code, detail := v1.CodeUnavailable, "The core could not do this just now; try again in a moment."
	var request *v1.Request
	if refusal, ok := errors.AsType[*core.Error](err); ok {
		code, detail, request = refusal.Code, refusal.Message, refusal.Request
	}
	return &v1.Problem{
		Type: "about:blank", Title: strings.ReplaceAll(string(code), "_", " "), Status: statusOf(code),
		Detail: detail, Code: code, Request: request,
	}
}

// statusOf is the HTTP status that fits a code: plugins only tell "useless to repeat" from "try again".
func statusOf(code v1.Code) int {
	switch code {
	case v1.CodeUnavailable:
		return http.StatusServiceUnavailable
	case v1.CodeInternal:
		return http.StatusInternalServerError
	case v1.CodeNotFound:
		return http.StatusNotFound
	case v1.CodeConflict:
		return http.StatusConflict
	case v1.CodeRateLimited:
		return http.StatusTooManyRequests
	case v1.CodeTooLong:
		return http.StatusRequestEntityTooLarge
	default:
		return http.StatusBadRequest
	}
}
