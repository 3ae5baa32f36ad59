package discordsim

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of messages and components: https://discord.com/developers/docs/resources/message#embed-object-embed-limits and
// https://discord.com/developers/docs/components/reference.
const (
	maxContent     = 2000
	maxEmbeds      = 10
	maxEmbedTotal  = 6000
	maxTitle       = 256
	maxDescription = 4096
	maxFields      = 25
	maxFieldName   = 256
	maxFieldValue  = 1024
	maxFooter      = 2048
	maxRows        = 5
	maxInRow       = 5
	maxCustomID    = 100
	maxButtonLabel = 80
	maxURL         = 512
	maxOptions     = 25
	maxNonce       = 25
	maxModalTitle  = 45
	maxInputLabel  = 45
	maxPlaceholder = 100
	maxInput       = 4000
)

// draft is a message to be created or edited.
type draft struct {
	Content         *string      `json:"content"`
	Embeds          *[]embed     `json:"embeds"`
	Components      *[]component `json:"components"`
	Flags           *int         `json:"flags"`
	AllowedMentions *struct {
		Parse []string `json:"parse"`
		Users []string `json:"users"`
		Roles []string `json:"roles"`
	} `json:"allowed_mentions"`
	Reference *struct {
		MessageID       string `json:"message_id"`
		ChannelID       string `json:"channel_id"`
		FailIfNotExists *bool  `json:"fail_if_not_exists"`
	} `json:"message_reference"`
	Nonce        json.RawMessage `json:"nonce"`
	EnforceNonce bool            `json:"enforce_nonce"`
}

func (d draft) text() string {
	if d.Content == nil {
		return ""
	}
	return *d.Content
}

func (d draft) cards() []embed {
	if d.Embeds == nil {
		return nil
	}
	return *d.Embeds
}

func (d draft) rows() []component {
	if d.Components == nil {
		return nil
	}
	return *d.Components
}

func (d draft) flags() int {
	if d.Flags == nil {
		return 0
	}
	return *d.Flags
}

// check says everything that is wrong with the draft.
func (d draft) check() error {
	var c complaints
	c.atMost("content", d.text(), maxContent)
	checkEmbeds(&c, d.cards())
	checkRows(&c, d.rows())
	if d.flags()&flagComponentsV2 != 0 && (d.text() != "" || len(d.cards()) > 0) {
		c.add("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2")
	}
	if nonce := nonceOf(d.Nonce); utf8.RuneCountInString(nonce) > maxNonce {
		c.add("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length.")
	}
	if d.AllowedMentions != nil {
		for i, one := range d.AllowedMentions.Parse {
			if !slices.Contains([]string{"roles", "users", "everyone"}, one) {
				c.add(fmt.Sprintf("allowed_mentions.parse.%d", i), "BASE_TYPE_CHOICES", "Value must be one of ('users', 'roles', 'everyone').")
			}
		}
	}
	return c.err()
}

// empty says that there is nothing to show.
func (d draft) empty() bool {
	return strings.TrimSpace(d.text()) == "" && len(d.cards()) == 0 && len(d.rows()) == 0
}

// nonceOf reads a nonce, which may be a number or a text.
func nonceOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return strings.Trim(string(raw), " ")
}

func (c *complaints) atMost(path, text string, limit int) {
	if utf8.RuneCountInString(text) > limit {
		c.add(path, "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", limit))
	}
}

// between also refuses what is missing or blank.
func (c *complaints) between(path, text string, limit int) {
	if strings.TrimSpace(text) == "" {
		c.add(path, "BASE_TYPE_REQUIRED", "This field is required")
		return
	}
	c.atMost(path, text, limit)
}

func (c *complaints) count(path string, n, limit int) {
	if n > limit {
		c.add(path, "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", limit))
	}
}

func checkEmbeds(c *complaints, embeds []embed) {
	c.count("embeds", len(embeds), maxEmbeds)
	total := 0
	for i, e := range embeds {
		total += e.check(c, fmt.Sprintf("embeds.%d", i))
	}
	if total > maxEmbedTotal {
		c.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", fmt.Sprintf("Embed size exceeds maximum size of %d", maxEmbedTotal))
	}
}

// check returns how many characters of the embed count.
func (e embed) check(c *complaints, path string) int {
	total := utf8.RuneCountInString(e.Title) + utf8.RuneCountInString(e.Description)
	c.atMost(path+".title", e.Title, maxTitle)
	c.atMost(path+".description", e.Description, maxDescription)
	c.count(path+".fields", len(e.Fields), maxFields)
	for i, f := range e.Fields {
		at := fmt.Sprintf("%s.fields.%d", path, i)
		c.between(at+".name", f.Name, maxFieldName)
		c.between(at+".value", f.Value, maxFieldValue)
		total += utf8.RuneCountInString(f.Name) + utf8.RuneCountInString(f.Value)
	}
	if e.Footer != nil {
		c.atMost(path+".footer.text", e.Footer.Text, maxFooter)
		total += utf8.RuneCountInString(e.Footer.Text)
	}
	if e.Author != nil {
		c.between(path+".author.name", e.Author.Name, maxFieldName)
		total += utf8.RuneCountInString(e.Author.Name)
	}
	if e.Color < 0 || e.Color > 0xffffff {
		c.add(path+".color", "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
	}
	if e.URL != "" && !wellFormed(e.URL) {
		c.add(path+".url", "URL_TYPE_INVALID_URL", "Not a well formed URL.")
	}
	if total == 0 {
		c.add(path+".description", "BASE_TYPE_REQUIRED", "This field is required")
	}
	return total
}

func wellFormed(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && slices.Contains([]string{"http", "https", "discord"}, u.Scheme)
}

func checkRows(c *complaints, rows []component) {
	c.count("components", len(rows), maxRows)
	used := map[string]bool{}
	for i, row := range rows {
		at := fmt.Sprintf("components.%d", i)
		if row.Type != rowComponent {
			c.add(at+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1,).")
			continue
		}
		if n := len(row.Components); n < 1 || n > maxInRow {
			c.add(at+".components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
		}
		for j, inner := range row.Components {
			inner.check(c, fmt.Sprintf("%s.components.%d", at, j), used)
		}
	}
}

func (b component) check(c *complaints, path string, used map[string]bool) {
	switch b.Type {
	case buttonComponent:
		b.checkButton(c, path)
	case selectComponent:
		b.checkCustomID(c, path)
		c.count(path+".options", len(b.Options), maxOptions)
	default:
		c.add(path+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (2, 3).")
		return
	}
	if b.CustomID != "" && used[b.CustomID] {
		c.add(path+".custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
	}
	used[b.CustomID] = true
}

func (b component) checkButton(c *complaints, path string) {
	if b.Style < stylePrimary || b.Style > styleLink {
		c.add(path+".style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
	}
	c.between(path+".label", b.Label, maxButtonLabel)
	switch {
	case b.Style == styleLink && b.CustomID != "":
		c.add(path+".custom_id", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url cannot both be specified")
	case b.Style == styleLink:
		c.between(path+".url", b.URL, maxURL)
		if b.URL != "" && !wellFormed(b.URL) {
			c.add(path+".url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https', 'discord').")
		}
	case b.URL != "":
		c.add(path+".url", "BUTTON_COMPONENT_INVALID_URL", "Only link buttons have a url")
	default:
		b.checkCustomID(c, path)
	}
}

func (b component) checkCustomID(c *complaints, path string) {
	c.between(path+".custom_id", b.CustomID, maxCustomID)
}
