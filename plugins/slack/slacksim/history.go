package slacksim

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

// maxHistoryPage is documented at https://docs.slack.dev/reference/methods/conversations.history.
const maxHistoryPage = 999

// span is the stretch of time a history call asks for, both ends included, in microseconds.
type span struct{ oldest, latest int64 }

func readSpan(args arguments) (span, error) {
	out := span{latest: math.MaxInt64}
	inclusive := args.flag("inclusive")
	if ts := args["oldest"]; ts != "" && ts != "0" {
		micros, ok := parseTS(ts)
		if !ok {
			return out, fail("invalid_ts_oldest")
		}
		out.oldest = exclude(micros, +1, inclusive)
	}
	if ts := args["latest"]; ts != "" && ts != "now" {
		micros, ok := parseTS(ts)
		if !ok {
			return out, fail("invalid_ts_latest")
		}
		out.latest = exclude(micros, -1, inclusive)
	}
	return out, nil
}

func exclude(micros, step int64, inclusive bool) int64 {
	if inclusive {
		return micros
	}
	return micros + step
}

func (s *Sim) readable(c *call) (*channel, error) {
	ch := s.channelByID(c.args["channel"])
	bot := s.cfg.App.BotUser
	if ch == nil || !ch.visibleTo(bot) {
		return nil, fail("channel_not_found")
	}
	if scope := ch.family() + ":history"; !c.token.has(scope) {
		return nil, missingScope(scope, c.token)
	}
	if !ch.hasMember(bot) {
		return nil, fail("not_in_channel")
	}
	return ch, nil
}

func (s *Sim) conversationsHistory(c *call) (reply, error) {
	ch, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	asked, err := readSpan(c.args)
	if err != nil {
		return nil, err
	}
	if cursor := c.args["cursor"]; cursor != "" {
		next, ok := readCursor(cursor)
		if !ok {
			return nil, fail("invalid_cursor")
		}
		asked.latest = min(asked.latest, next)
	}
	return s.backwards(ch, asked, c.args), nil
}

// backwards reads the newest messages of the span first, replies left out unless they were broadcast.
func (s *Sim) backwards(ch *channel, asked span, args arguments) reply {
	limit, withMetadata := args.limit(100, maxHistoryPage), args.flag("include_all_metadata")
	ch.mu.RLock()
	defer ch.mu.RUnlock()
	found, next := make([]wireMessage, 0, min(limit, len(ch.messages))), ""
	for i := len(ch.messages) - 1; i >= 0 && ch.messages[i].micros >= asked.oldest; i-- {
		m := ch.messages[i]
		if m.deleted || m.micros > asked.latest || m.parent != nil && !m.broadcast {
			continue
		}
		if len(found) == limit {
			next = writeCursor(m.micros)
			break
		}
		found = append(found, s.wire(m, withMetadata))
	}
	return historyReply(found, next)
}

func historyReply(found []wireMessage, next string) reply {
	out := reply{"messages": found, "has_more": next != "", "pin_count": 0}
	if next != "" {
		out["response_metadata"] = map[string]any{"next_cursor": next}
	}
	return out
}

func (s *Sim) conversationsReplies(c *call) (reply, error) {
	ch, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	asked, err := readSpan(c.args)
	if err != nil {
		return nil, err
	}
	ch.mu.RLock()
	defer ch.mu.RUnlock()
	parent := ch.thread(c.args["ts"])
	if parent == nil {
		return nil, fail("thread_not_found")
	}
	var all []wireMessage
	for _, m := range liveReplies(parent) {
		if m.micros >= asked.oldest && m.micros <= asked.latest {
			all = append(all, s.wire(m, c.args.flag("include_all_metadata")))
		}
	}
	page, next, err := pageOf(all, c.args["cursor"], c.args.limit(1000, 1000))
	if err != nil {
		return nil, err
	}
	first := s.wire(parent, c.args.flag("include_all_metadata"))
	return historyReply(append([]wireMessage{first}, page...), next), nil
}

// pageOf cuts one page out of a list; the cursor holds the position.
func pageOf[T any](list []T, cursor string, limit int) (page []T, next string, err error) {
	from := int64(0)
	if cursor != "" {
		var ok bool
		if from, ok = readCursor(cursor); !ok || from > int64(len(list)) {
			return nil, "", fail("invalid_cursor")
		}
	}
	rest := list[from:]
	if len(rest) <= limit {
		return append([]T{}, rest...), "", nil
	}
	return rest[:limit], writeCursor(from + int64(limit)), nil
}

func writeCursor(position int64) string {
	return base64.StdEncoding.EncodeToString([]byte("next:" + strconv.FormatInt(position, 10)))
}

func readCursor(cursor string) (int64, bool) {
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	digits, ours := strings.CutPrefix(string(text), "next:")
	if !ours {
		return 0, false
	}
	position, err := strconv.ParseInt(digits, 10, 64)
	return position, err == nil && position >= 0
}
