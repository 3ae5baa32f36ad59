package jetstream

// The subjects of the JetStream protocol that Accede relies on.
const (
	// CoreAPIPrefix is where JetStream answers in the account that owns the streams.
	CoreAPIPrefix = "$JS.API"
	// PluginAPIPrefix is where JetStream answers in a plugin's account. It differs because every account has the
	// product's own $JS.API, which would answer first.
	PluginAPIPrefix = "accede.js"
)

// InboxPrefix is the head of the subjects on which a plugin receives answers.
func InboxPrefix(plugin string) string { return "_INBOX_" + plugin }

// NextSubject is where the next message of a consumer is asked for, under an API prefix.
func NextSubject(prefix, stream, consumer string) string {
	return prefix + ".CONSUMER.MSG.NEXT." + stream + "." + consumer
}

// InfoSubject is where the state of a consumer is asked for, under an API prefix.
func InfoSubject(prefix, stream, consumer string) string {
	return prefix + ".CONSUMER.INFO." + stream + "." + consumer
}

// AckPattern matches the acknowledgements of a consumer's messages.
func AckPattern(stream, consumer string) string { return "$JS.ACK." + stream + "." + consumer + ".>" }
