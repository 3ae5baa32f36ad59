package service

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// SignInBrowser checks a name and a password and starts a session of a browser. Device is what the browser says it is.
func (s *Service) SignInBrowser(ctx context.Context, input v1.SignInInput, device string) (v1.SecretToken, error) {
	session := v1.Token{Title: "sign-in with password", Browser: true, Device: cut(device)}
	return s.signIn(ctx, input, core.Actor{Via: v1.ViaWeb}, session)
}

// Counted tells a reviewer in one sentence what their review brought about.
func (s *Service) Counted(request v1.Request, verdict v1.Verdict) string {
	return countedSentence(request, verdict)
}
