package slacksim

import (
	"html"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// mrkdwn turns Slack's markup into safe HTML. Every piece of text is escaped, and the only tags that come out are the
// ones written in this file.
type mrkdwn struct {
	userName, channelName func(id string) string
}

var (
	codeFence  = regexp.MustCompile("(?s)```(.+?)```")
	inlineCode = regexp.MustCompile("`([^`\n]+)`")
	linkScheme = regexp.MustCompile(`^(https?://|mailto:)`)
	angled     = regexp.MustCompile(`<([^<>\n]+)>`)
	boldText   = regexp.MustCompile(`(^|[\s(>])\*([^*\n]+)\*($|[\s.,:;!?)<])`)
	italicText = regexp.MustCompile(`(^|[\s(>])_([^_\n]+)_($|[\s.,:;!?)<])`)
	struckText = regexp.MustCompile(`(^|[\s(>])~([^~\n]+)~($|[\s.,:;!?)<])`)
)

func (m mrkdwn) render(text string) template.HTML {
	out := outside(codeFence, text, func(code string) string {
		return "<pre>" + escape(strings.Trim(code, "\n")) + "</pre>"
	}, m.lines)
	return written(out)
}

// outside applies one function to the first group of each match and another one to everything between.
func outside(pattern *regexp.Regexp, text string, match, between func(string) string) string {
	var b strings.Builder
	at := 0
	for _, loc := range pattern.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(between(text[at:loc[0]]))
		b.WriteString(match(text[loc[2]:loc[3]]))
		at = loc[1]
	}
	b.WriteString(between(text[at:]))
	return b.String()
}

func (m mrkdwn) lines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if quoted, isQuote := cutQuote(line); isQuote {
			lines[i] = "<blockquote>" + m.inline(strings.TrimPrefix(quoted, " ")) + "</blockquote>"
			continue
		}
		lines[i] = m.inline(line)
	}
	return strings.ReplaceAll(strings.Join(lines, "<br>"), "</blockquote><br>", "</blockquote>")
}

// cutQuote takes the mark of a quoted line away. Slack takes it escaped and as it is.
func cutQuote(line string) (rest string, isQuote bool) {
	if rest, isQuote = strings.CutPrefix(line, "&gt;"); isQuote {
		return rest, true
	}
	return strings.CutPrefix(line, ">")
}

func (m mrkdwn) inline(text string) string {
	return outside(inlineCode, text, func(code string) string {
		return "<code>" + escape(code) + "</code>"
	}, func(rest string) string {
		return outside(angled, rest, m.reference, styled)
	})
}

// styled escapes first; the marks of bold, italic and struck text survive escaping unchanged.
func styled(text string) string {
	out := escape(text)
	out = boldText.ReplaceAllString(out, "$1<b>$2</b>$3")
	out = italicText.ReplaceAllString(out, "$1<i>$2</i>$3")
	return struckText.ReplaceAllString(out, "$1<s>$2</s>$3")
}

// reference renders what Slack writes in angle brackets: people, channels, groups, dates and links.
func (m mrkdwn) reference(inside string) string {
	target, label, labelled := strings.Cut(inside, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return mention("@" + m.userName(target[1:]))
	case strings.HasPrefix(target, "#"):
		return mention("#" + m.channelName(target[1:]))
	case strings.HasPrefix(target, "!date^"):
		return escape(localDate(target, label))
	case strings.HasPrefix(target, "!"):
		return mention("@" + target[1:])
	}
	if !labelled {
		label = target
	}
	address := html.UnescapeString(target)
	if !linkScheme.MatchString(address) {
		return escape(label)
	}
	return `<a href="` + html.EscapeString(address) + `" target="_blank" rel="noopener noreferrer">` + escape(label) + "</a>"
}

// dateTokens are the placeholders of https://docs.slack.dev/messaging/formatting-message-text that our cards may use, with
// how a client shows them.
//
//nolint:gochecknoglobals // a table that nobody changes
var dateTokens = map[string]string{
	"{date_num}": "2006-01-02", "{date}": "January 2, 2006", "{date_pretty}": "January 2, 2006",
	"{date_short}": "Jan 2, 2006", "{date_short_pretty}": "Jan 2, 2006", "{date_long}": "Monday, January 2, 2006",
	"{time}": "3:04 PM", "{time_secs}": "3:04:05 PM",
}

// localDate fills a date reference in as a client in UTC does, or returns the fallback if it cannot.
func localDate(target, fallback string) string {
	parts := strings.SplitN(target, "^", 4)
	if len(parts) < 3 {
		return fallback
	}
	seconds, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return fallback
	}
	at, text := time.Unix(seconds, 0).UTC(), parts[2]
	for token, layout := range dateTokens {
		text = strings.ReplaceAll(text, token, at.Format(layout))
	}
	return text
}

func mention(name string) string { return `<span class="mention">` + escape(name) + "</span>" }

// written marks HTML that was put together from escaped text and the tags of this package.
func written(out string) template.HTML {
	return template.HTML(out) //nolint:gosec // every caller escapes what is not its own
}

// escape undoes Slack's three escapes and applies HTML's.
func escape(text string) string {
	text = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
	return html.EscapeString(text)
}
