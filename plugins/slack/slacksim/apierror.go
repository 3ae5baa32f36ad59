package slacksim

import "strings"

// apiError is an answer with ok:false.
type apiError struct {
	code             string
	needed, provided string
	messages         []string
}

func (e *apiError) Error() string { return e.code }

func fail(code string, messages ...string) *apiError {
	return &apiError{code: code, messages: messages}
}

func missingScope(needed string, t Token) *apiError {
	return &apiError{code: "missing_scope", needed: needed, provided: strings.Join(t.Scopes, ",")}
}

// reply is the body of an answer with ok:true.
type reply map[string]any

func (e *apiError) body() reply {
	out := reply{"ok": false, "error": e.code}
	if e.needed != "" {
		out["needed"], out["provided"] = e.needed, e.provided
	}
	if len(e.messages) > 0 {
		out["response_metadata"] = map[string]any{"messages": e.messages}
	}
	return out
}
