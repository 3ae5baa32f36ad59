package mattermost

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/accede/accede/plugins"
)

const (
	// maxCallback bounds a callback's body: it holds a context of ours or one dialog's answers.
	maxCallback = 1 << 20

	// The doors, below the plugin's callback address.
	doorAction = "/action"
	doorDialog = "/dialog"

	// headerDoor marks our answers, so that the check can tell them from a proxy's.
	headerDoor = "Accede-Callback"
)

// clickable is a bot whose cards have buttons.
type clickable struct{ *bot }

// Handler answers Mattermost's callbacks.
func (b *clickable) Handler(decisions plugins.Decisions) http.Handler {
	c := &clicks{bot: b.bot, decisions: decisions}
	mux := http.NewServeMux()
	mux.Handle(doorAction, door(c.serveAction))
	mux.Handle(doorDialog, door(c.serveDialog))
	return mux
}

// door reads a callback's body. What the function returns is encoded as the answer.
func door(serve func(*http.Request, []byte) (status int, answer any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(headerDoor, Name)
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "Mattermost's callbacks are POST requests", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			http.Error(w, "the callback is larger than 1 MiB", http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil {
			http.Error(w, "the callback could not be read", http.StatusBadRequest)
			return
		}
		status, answer := serve(r, body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer) // Mattermost hung up: nobody is left to tell
	})
}

// actionAnswer is what Mattermost does for whoever pressed a button.
// https://developers.mattermost.com/integrate/plugins/interactive-messages/
type actionAnswer struct {
	Update *updated `json:"update,omitempty"`
	// Ephemeral is shown to that person only, where they clicked.
	Ephemeral string `json:"ephemeral_text,omitempty"`
	// Verbatim keeps Mattermost from rewriting the text as if it came from Slack.
	Verbatim bool `json:"skip_slack_parsing"`
	Error    *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// updated replaces the post that was clicked.
type updated struct {
	Message string `json:"message"`
	Props   props  `json:"props"`
}

func whisper(text string) actionAnswer { return actionAnswer{Ephemeral: text, Verbatim: true} }

// refuse turns a callback away that does not come from a click. Whoever made Mattermost send it sees "Action integration
// error"; the sentence is for those who call the plugin themselves.
func refuse(err error) (int, any) {
	out := actionAnswer{Verbatim: true}
	out.Error = &struct {
		Message string `json:"message"`
	}{Message: err.Error()}
	return http.StatusUnauthorized, out
}

// dialogAnswer tells Mattermost what to show in a dialog; the empty one closes it.
// https://developers.mattermost.com/integrate/plugins/interactive-dialogs/
type dialogAnswer struct {
	Error  string            `json:"error,omitempty"`
	Errors map[string]string `json:"errors,omitempty"`
}
