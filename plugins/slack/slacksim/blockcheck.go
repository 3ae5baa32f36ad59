package slacksim

import (
	"fmt"
	"net/url"
	"slices"
	"unicode/utf8"
)

// Limits of Block Kit, in characters or items, from https://docs.slack.dev/reference/block-kit/blocks and
// https://docs.slack.dev/reference/block-kit/block-elements.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxSectionText   = 3000
	maxFields        = 10
	maxFieldText     = 2000
	maxHeaderText    = 150
	maxActions       = 25
	maxContext       = 10
	maxID            = 255
	maxButtonText    = 75
	maxButtonValue   = 2000
	maxURL           = 3000
	maxConfirmTitle  = 100
	maxConfirmText   = 300
	maxConfirmButton = 30
	maxOptionText    = 75
	maxOptionValue   = 150
	maxLabel         = 2000
	// maxTotalText is undocumented; see https://github.com/slackapi/bolt-js/issues/2509.
	maxTotalText = 13_200
)

// knownBlocks are the block types Slack takes in messages and views.
func knownBlocks() []string {
	return []string{
		"section", "header", "divider", "context", "actions", "image", "input", "rich_text", "video", "file",
		"markdown", "table", "call", "context_actions",
	}
}

// checker collects what is wrong with a layout, in the words Slack's own answers use.
type checker struct {
	problems []string
	blockIDs map[string]bool
	actions  map[string]bool
	total    int
}

func checkLayout(l layout, most int, root string) (problems []string, total int) {
	c := &checker{blockIDs: map[string]bool{}, actions: map[string]bool{}}
	if len(l.blocks) > most {
		c.add(root, "no more than %d items allowed", most)
	}
	for i := range l.blocks {
		c.block(fmt.Sprintf("%s/%d", root, i), &l.blocks[i])
	}
	return c.problems, c.total
}

func (c *checker) add(at, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("[ERROR] "+format, args...)+" [json-pointer:"+at+"]")
}

func (c *checker) block(at string, b *block) {
	c.unique(at+"/block_id", "block_id", b.ID, c.blockIDs)
	switch b.Type {
	case "section":
		c.section(at, b)
	case "header":
		c.text(at+"/text", b.Text, maxHeaderText, "plain_text")
	case "actions":
		c.count(at+"/elements", len(b.Elements), 1, maxActions)
		c.elements(at+"/elements", b.Elements)
	case "context":
		c.context(at, b)
	case "input":
		c.input(at, b)
	case "image":
		c.link(at+"/image_url", b.ImageURL)
	default:
		if !slices.Contains(knownBlocks(), b.Type) {
			c.add(at+"/type", "unsupported type: %s", b.Type)
		}
	}
}

func (c *checker) section(at string, b *block) {
	if b.Text == nil && len(b.Fields) == 0 {
		c.add(at, "missing required field: text")
	}
	if b.Text != nil {
		c.text(at+"/text", b.Text, maxSectionText, "")
	}
	c.count(at+"/fields", len(b.Fields), 0, maxFields)
	for i := range b.Fields {
		c.text(fmt.Sprintf("%s/fields/%d", at, i), &b.Fields[i], maxFieldText, "")
	}
	if b.Accessory != nil {
		c.element(at+"/accessory", b.Accessory)
	}
}

func (c *checker) context(at string, b *block) {
	c.count(at+"/elements", len(b.Elements), 1, maxContext)
	for i := range b.Elements {
		e := &b.Elements[i]
		here := fmt.Sprintf("%s/elements/%d", at, i)
		switch e.Type {
		case "image":
			c.link(here+"/image_url", e.ImageURL)
		case "mrkdwn", "plain_text":
			c.length(here+"/text", e.words(), 1, maxSectionText)
		default:
			c.add(here+"/type", "unsupported type: %s", e.Type)
		}
	}
}

func (c *checker) input(at string, b *block) {
	c.text(at+"/label", b.Label, maxLabel, "plain_text")
	if b.Element == nil {
		c.add(at, "missing required field: element")
		return
	}
	c.element(at+"/element", b.Element)
}

func (c *checker) elements(at string, list []element) {
	for i := range list {
		c.element(fmt.Sprintf("%s/%d", at, i), &list[i])
	}
}

func (c *checker) element(at string, e *element) {
	if e.Type == "image" {
		c.link(at+"/image_url", e.ImageURL)
		return
	}
	c.unique(at+"/action_id", "action_id", e.ActionID, c.actions)
	if e.Type == "button" {
		c.button(at, e)
	}
	if e.Confirm != nil {
		c.confirm(at+"/confirm", e.Confirm)
	}
	for i, o := range e.Options {
		here := fmt.Sprintf("%s/options/%d", at, i)
		c.text(here+"/text", o.Text, maxOptionText, "")
		c.length(here+"/value", o.Value, 1, maxOptionValue)
	}
}

func (c *checker) button(at string, e *element) {
	c.text(at+"/text", e.Text, maxButtonText, "plain_text")
	c.length(at+"/value", e.Value, 0, maxButtonValue)
	if e.URL != "" {
		c.link(at+"/url", e.URL)
	}
	if s := e.style(); len(e.Style) > 0 && s != "primary" && s != "danger" {
		c.add(at+"/style", "must be a valid enum value")
	}
}

func (c *checker) confirm(at string, d *confirm) {
	c.text(at+"/title", d.Title, maxConfirmTitle, "plain_text")
	c.text(at+"/text", d.Text, maxConfirmText, "")
	c.text(at+"/confirm", d.Confirm, maxConfirmButton, "plain_text")
	c.text(at+"/deny", d.Deny, maxConfirmButton, "plain_text")
}

func (c *checker) text(at string, t *textObject, most int, kind string) {
	if t == nil {
		c.add(at, "missing required field")
		return
	}
	if t.Type != "plain_text" && t.Type != "mrkdwn" || kind != "" && t.Type != kind {
		c.add(at+"/type", "must be a valid text type")
	}
	c.length(at+"/text", t.Text, 1, most)
}

func (c *checker) length(at, s string, least, most int) {
	n := utf8.RuneCountInString(s)
	c.total += n
	if n < least {
		c.add(at, "must be more than %d characters", least-1)
	}
	if n > most {
		c.add(at, "must be less than %d characters", most+1)
	}
}

func (c *checker) count(at string, n, least, most int) {
	if n < least {
		c.add(at, "no fewer than %d items allowed", least)
	}
	if n > most {
		c.add(at, "no more than %d items allowed", most)
	}
}

func (c *checker) link(at, address string) {
	if utf8.RuneCountInString(address) > maxURL {
		c.add(at, "must be less than %d characters", maxURL+1)
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" {
		c.add(at, "invalid url")
	}
}

func (c *checker) unique(at, what, id string, seen map[string]bool) {
	if utf8.RuneCountInString(id) > maxID {
		c.add(at, "must be less than %d characters", maxID+1)
	}
	if id == "" {
		return
	}
	if seen[id] {
		c.add(at, "`%s` already exists for another element: %s", what, id)
	}
	seen[id] = true
}

func (e *element) words() string {
	if e.Text == nil {
		return ""
	}
	return e.Text.Text
}
