package teams

import (
	"strings"

	"github.com/accede/accede/plugins"
)

// ref is where a message is. It is complete by itself: the service's address differs from tenant to tenant and may be
// forgotten by all replicas. Key is the delivery's; viewer is the account at the other end of a chat, if it is known.
type ref struct{ service, conversation, activity, key, viewer string }

// None of the parts holds a space: addresses are checked when they are learned, ids are Microsoft's.
func (r ref) encode() plugins.Ref {
	return plugins.Ref(strings.Join([]string{r.service, r.conversation, r.activity, r.key, r.viewer}, " "))
}

func (b *bot) decodeRef(r plugins.Ref) (ref, error) {
	parts := strings.Split(string(r), " ")
	if len(parts) != 5 || parts[1] == "" || parts[2] == "" || !b.services.allow(parts[0]) {
		return ref{}, &plugins.Error{
			Op: "reading reference", Kind: plugins.Gone,
			Public: "The ledger's reference to the message is not one that the plugin may use; see service_hosts.",
		}
	}
	return ref{service: parts[0], conversation: parts[1], activity: parts[2], key: parts[3], viewer: parts[4]}, nil
}

// place is what a destination's id says: a channel or group chat by its id, or a person.
type place struct {
	channel     string
	tenant, oid string
}

const personPrefix = "person/"

func personPlace(tenant, oid string) string {
	return personPrefix + strings.ToLower(tenant) + "/" + strings.ToLower(oid)
}

func placeOf(id string) (place, bool) {
	person, ok := strings.CutPrefix(id, personPrefix)
	if !ok {
		_, known := channelOf(id)
		return place{channel: id}, known
	}
	tenant, oid, ok := strings.Cut(person, "/")
	return place{tenant: tenant, oid: oid}, ok && guid.MatchString(tenant) && guid.MatchString(oid)
}
