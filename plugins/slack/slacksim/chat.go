package slacksim

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/accede/accede/plugins/standin"
)

// Limits of the chat methods, from https://docs.slack.dev/reference/methods/chat.postMessage and chat.update.
const (
	maxPostText     = 40_000
	maxUpdateText   = 4_000
	maxMarkdownText = 12_000
	maxAttachments  = 100
	// maxMetadata is undocumented.
	maxMetadata = 16 << 10
)

var eventType = regexp.MustCompile(`^[A-Za-z0-9_]{1,255}$`)

// content is what a message says.
type content struct {
	text     string
	layout   layout
	metadata json.RawMessage
	key      string
}

func (s *Sim) readContent(args arguments) (content, error) {
	text, err := readText(args)
	if err != nil {
		return content{}, err
	}
	l, err := s.readBlocks(args["blocks"])
	if err != nil {
		return content{}, err
	}
	out := content{text: text, layout: l}
	out.metadata, out.key, err = readMetadata(args["metadata"])
	return out, err
}

func readText(args arguments) (string, error) {
	if err := checkAttachments(args["attachments"]); err != nil {
		return "", err
	}
	markdown := args["markdown_text"]
	if markdown == "" {
		return args["text"], nil
	}
	if args["text"] != "" || args["blocks"] != "" {
		return "", fail("markdown_text_conflict")
	}
	if utf8.RuneCountInString(markdown) > maxMarkdownText {
		return "", fail("msg_too_long")
	}
	return markdown, nil
}

func checkAttachments(raw string) error {
	if raw == "" {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal([]byte(raw), &list) != nil {
		return fail("invalid_attachments")
	}
	if len(list) > maxAttachments {
		return fail("too_many_attachments")
	}
	return nil
}

func (s *Sim) readBlocks(raw string) (layout, error) {
	l, err := parseLayout([]byte(raw), s.blockID)
	if errors.Is(err, errNotAList) {
		return layout{}, fail("invalid_blocks_format")
	}
	if err != nil {
		return layout{}, fail("invalid_blocks", "[ERROR] failed to match all allowed schemas [json-pointer:/blocks]")
	}
	problems, total := checkLayout(l, maxMessageBlocks, "/blocks")
	if len(problems) > 0 {
		return layout{}, fail("invalid_blocks", problems...)
	}
	if total > maxTotalText {
		return layout{}, fail("msg_blocks_too_long")
	}
	return l, nil
}

func readMetadata(raw string) (json.RawMessage, string, error) {
	if raw == "" {
		return nil, "", nil
	}
	var m struct {
		EventType    string                     `json:"event_type"`
		EventPayload map[string]json.RawMessage `json:"event_payload"`
	}
	if json.Unmarshal([]byte(raw), &m) != nil || m.EventPayload == nil || !eventType.MatchString(m.EventType) {
		return nil, "", fail("invalid_metadata_format")
	}
	if len(raw) > maxMetadata {
		return nil, "", fail("metadata_too_large")
	}
	var key string
	if payload, there := m.EventPayload["key"]; there {
		_ = json.Unmarshal(payload, &key) // a key that is no text is simply not counted
	}
	return json.RawMessage(raw), key, nil
}

// truncated cuts text as Slack does when posting.
func truncated(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most])
}

func (s *Sim) chatPostMessage(c *call) (reply, error) {
	ch, err := s.destination(c)
	if err != nil {
		return nil, err
	}
	said, err := s.readContent(c.args)
	if err != nil {
		return nil, err
	}
	if said.text == "" && len(said.layout.blocks) == 0 && c.args["attachments"] == "" {
		return nil, fail("no_text")
	}
	if ts := c.args["thread_ts"]; ts != "" && !validTS(ts) {
		return nil, fail("invalid_thread_ts")
	}
	if err := s.checkRate(ch.id); err != nil {
		return nil, err
	}
	m := s.post(ch, said, c.args["thread_ts"], c.args.flag("reply_broadcast"))
	return s.messageReply(ch, m), nil
}

func validTS(ts string) bool {
	_, ok := parseTS(ts)
	return ok
}

func (s *Sim) checkRate(channelID string) error {
	on, seconds := s.faults.RealLimits()
	if !on {
		return nil
	}
	if wait := s.limiter.Take(channelID); wait > 0 {
		return &limitError{seconds: max(seconds, standin.WholeSeconds(wait))}
	}
	return nil
}

// post is the one place where the app's messages come to be.
func (s *Sim) post(ch *channel, said content, threadTS string, broadcast bool) *message {
	m := &message{
		user: s.cfg.App.BotUser, byApp: true, broadcast: broadcast,
		text: truncated(said.text, maxPostText), layout: said.layout, metadata: said.metadata, key: said.key,
	}
	ch.add(m, threadTS, s.opts.Clock())
	s.tally.Posted(m.key)
	s.changes.Touch()
	return m
}

func (s *Sim) messageReply(ch *channel, m *message) reply {
	ch.mu.RLock()
	defer ch.mu.RUnlock()
	return reply{"channel": ch.id, "ts": m.ts, "message": s.wire(m, true)}
}

func (s *Sim) chatPostEphemeral(c *call) (reply, error) {
	ch, err := s.destination(c)
	if err != nil {
		return nil, err
	}
	if !ch.hasMember(c.args["user"]) {
		return nil, fail("user_not_in_channel")
	}
	said, err := s.readContent(c.args)
	if err != nil {
		return nil, err
	}
	if said.text == "" && len(said.layout.blocks) == 0 {
		return nil, fail("no_text")
	}
	m := s.whisper(ch, c.args["user"], said)
	return reply{"message_ts": m.ts}, nil
}

func (s *Sim) whisper(ch *channel, user string, said content) *message {
	m := &message{
		user: s.cfg.App.BotUser, byApp: true, onlyFor: user,
		text: truncated(said.text, maxPostText), layout: said.layout,
	}
	ch.addEphemeral(m, s.opts.Clock())
	s.changes.Touch()
	return m
}

// destination resolves the channel of a post and checks that the bot may write there.
func (s *Sim) destination(c *call) (*channel, error) {
	ch, err := s.resolveChannel(c.args["channel"])
	if err != nil {
		return nil, err
	}
	bot := s.cfg.App.BotUser
	if !ch.visibleTo(bot) {
		return nil, fail("channel_not_found")
	}
	ch.mu.RLock()
	archived := ch.archived
	ch.mu.RUnlock()
	if archived {
		return nil, fail("is_archived")
	}
	if !ch.hasMember(bot) && !c.token.has("chat:write.public") {
		return nil, fail("not_in_channel")
	}
	return ch, nil
}

// resolveChannel takes a channel id, a user id (which means the direct message with them) or the name of a channel.
func (s *Sim) resolveChannel(given string) (*channel, error) {
	if ch := s.channelByID(given); ch != nil {
		return ch, nil
	}
	if u, ok := s.users[given]; ok {
		return s.directMessage(u)
	}
	name := strings.TrimPrefix(given, "#")
	for _, ch := range s.allChannels() {
		if ch.name != "" && ch.name == name {
			return ch, nil
		}
	}
	return nil, fail("channel_not_found")
}
