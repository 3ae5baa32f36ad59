package opsgenie

import (
	"regexp"
	"strings"

	"github.com/accede/accede/plugins"
)

// ref is where a card or a note is: the alert's id, the key of the delivery, which is the alert's alias, and for a note the
// key of its own delivery, which is in its text.
type ref struct{ alert, key, note string }

// alertID is the form of ids. Whatever else stands in a reference never gets into an address.
var alertID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{3,79}$`)

func (r ref) encode() plugins.Ref {
	text := r.alert + "/" + r.key
	if r.note != "" {
		text += "/" + r.note
	}
	return plugins.Ref(text)
}

func decodeRef(r plugins.Ref) (ref, error) {
	parts := strings.Split(string(r), "/")
	if len(parts) < 2 || len(parts) > 3 || !alertID.MatchString(parts[0]) || parts[1] == "" {
		return ref{}, &plugins.Error{
			Op: "reading reference", Kind: plugins.Gone, Public: "The ledger's reference to the alert is none of this plugin's.",
		}
	}
	out := ref{alert: parts[0], key: parts[1]}
	if len(parts) == 3 {
		out.note = parts[2]
	}
	return out, nil
}
