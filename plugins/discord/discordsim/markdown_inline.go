package discordsim

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readInline reads what stands inside lines.
func readInline(text string, depth int) []node {
	var out []node
	var run strings.Builder
	previous := ' '
	for text != "" {
		found, size := inlineAt(text, previous, depth)
		if size == 0 {
			r, n := utf8.DecodeRuneInString(text)
			run.WriteString(text[:n])
			previous, text = r, text[n:]
			continue
		}
		if found.kind == asText { // an escaped character
			run.WriteString(found.text)
		} else {
			if run.Len() > 0 {
				out = append(out, node{kind: asText, text: run.String()})
				run.Reset()
			}
			out = append(out, found)
		}
		previous, _ = utf8.DecodeLastRuneInString(text[:size])
		text = text[size:]
	}
	if run.Len() > 0 {
		out = append(out, node{kind: asText, text: run.String()})
	}
	return out
}

// inlineAt reads the markup that begins a text, if any does, and returns how long it is.
func inlineAt(text string, previous rune, depth int) (node, int) {
	if text[0] == '\\' && len(text) > 1 {
		r, n := utf8.DecodeRuneInString(text[1:])
		if !unicode.IsSpace(r) && !isAlphanumeric(r) {
			return node{kind: asText, text: text[1 : 1+n]}, 1 + n
		}
	}
	if found, size := codeAt(text); size > 0 {
		return found, size
	}
	if found, size := referenceAt(text); size > 0 {
		return found, size
	}
	if depth == 0 {
		return node{}, 0
	}
	return styledAt(text, previous, depth)
}

// isAlphanumeric counts ASCII only, as Discord's rule for backslashes does.
func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func codeAt(text string) (node, int) {
	fence := 0
	for fence < len(text) && text[fence] == '`' {
		fence++
	}
	if fence == 0 {
		return node{}, 0
	}
	ticks := strings.Repeat("`", min(fence, 3))
	end := strings.Index(text[len(ticks):], ticks)
	if end <= 0 {
		return node{}, 0
	}
	inner := text[len(ticks) : len(ticks)+end]
	kind := asCode
	if len(ticks) == 3 {
		kind = asBlock
	}
	return node{kind: kind, text: inner}, end + 2*len(ticks)
}

// reference is a way to write a link, a mention, an emoji or a time.
type reference struct {
	pattern *regexp.Regexp
	kind    string
}

// references are what may begin with that byte.
func references(first byte) []reference {
	switch first {
	case '<':
		return []reference{
			{angledLink, asLink}, {mentionText, asMention}, {commandText, asMention}, {customEmoji, asEmoji}, {timestamp, asTime},
		}
	case '[':
		return []reference{{maskedLink, asLink}}
	case '@':
		return []reference{{everyoneText, asMention}}
	case ':':
		return []reference{{namedEmoji, asEmoji}}
	case 'h', 's', 'd', 'D':
		return []reference{{bareLink, asLink}, {inviteLink, asLink}}
	default:
		return nil
	}
}

func referenceAt(text string) (node, int) {
	for _, one := range references(text[0]) {
		m := one.pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		found := node{kind: one.kind, text: m[0], target: m[0]}
		switch one.pattern {
		case angledLink:
			found.text, found.target = m[1], m[1]
		case maskedLink:
			found.text, found.target = m[1], m[2]
		case mentionText:
			found.target = m[2]
		case timestamp:
			found.target = m[1] + ":" + m[2]
		}
		return found, len(m[0])
	}
	return node{}, 0
}

func styledAt(text string, previous rune, depth int) (node, int) {
	for _, one := range []struct{ mark, kind string }{
		{"**", asBold}, {"__", asUnderline}, {"~~", asStruck}, {"||", asSpoiler}, {"*", asItalic}, {"_", asItalic},
	} {
		if !strings.HasPrefix(text, one.mark) {
			continue
		}
		if one.mark == "_" && isWord(previous) {
			continue
		}
		inner, ok := until(text[len(one.mark):], one.mark)
		if !ok {
			continue
		}
		return node{kind: one.kind, inside: readInline(inner, depth-1)}, len(inner) + 2*len(one.mark)
	}
	return node{}, 0
}

func isWord(r rune) bool { return isAlphanumeric(r) || r == '_' }

// until returns what stands before the closing mark.
func until(text, mark string) (string, bool) {
	for at := 0; at < len(text); at++ {
		if text[at] == '\\' {
			at++
			continue
		}
		if at == 0 || !strings.HasPrefix(text[at:], mark) {
			continue
		}
		after := text[at+len(mark):]
		if len(mark) == 1 && (strings.HasPrefix(after, mark) || strings.TrimSpace(text[:at]) != text[:at]) {
			return "", false
		}
		if next, _ := utf8.DecodeRuneInString(after); mark == "_" && after != "" && isWord(next) {
			continue
		}
		return text[:at], true
	}
	return "", false
}
