package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

// The exit codes, see exitCodesText.
const (
	exitOK = iota
	exitError
	exitUsage
	exitDenied
	exitOver
	exitSignedOut
	exitForbidden
	exitNotFound
	exitUnreachable
	exitInterrupted = 130
)

const exitCodesText = `accede ends with one of these exit codes:

  0    done; request create and request watch: approved
  1    it did not work; the message says why
  2    the command line is wrong
  3    request create and request watch: denied
  4    request create and request watch: expired or withdrawn
       (login does as request create where your roles request access at sign-in)
  5    not signed in, or not any more
  6    you may not do this
  7    there is no such thing
  8    the server cannot be reached or cannot answer now
  130  interrupted with Ctrl-C; a request that was made stays
`

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesText}
}

// usageError is a command line that is wrong.
type usageError struct{ text string }

// Error says what is wrong with it.
func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// outcome ends a command with a code after everything has been said.
type outcome struct{ code int }

// Error is never shown.
func (e *outcome) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// signedOutError says that there is nobody to call as.
type signedOutError struct{ text string }

// Error says what to do.
func (e *signedOutError) Error() string { return e.text }

func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if ended, ok := errors.AsType[*outcome](err); ok {
		return ended.code
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*signedOutError](err); ok {
		return exitSignedOut
	}
	if problem, ok := errors.AsType[*v1.Problem](err); ok {
		return exitOfCode(problem.Code)
	}
	if _, ok := errors.AsType[*client.UnreachableError](err); ok {
		return exitUnreachable
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	return exitError
}

func exitOfCode(code v1.Code) int {
	switch code {
	case v1.CodeUnauthenticated:
		return exitSignedOut
	case v1.CodeForbidden, v1.CodeNotAReviewer, v1.CodeSelfReview, v1.CodeRoleNotRequestable:
		return exitForbidden
	case v1.CodeNotFound:
		return exitNotFound
	case v1.CodeUnavailable:
		return exitUnreachable
	default:
		return exitError
	}
}

// explain says what happened and what to do; nothing if it has been said.
func explain(err error) string {
	if err == nil {
		return ""
	}
	if _, ok := errors.AsType[*outcome](err); ok {
		return ""
	}
	if problem, ok := errors.AsType[*v1.Problem](err); ok {
		return explainProblem(problem)
	}
	if unreachable, ok := errors.AsType[*client.UnreachableError](err); ok {
		return clean(unreachable.Error()) + "\nCheck that the address is right and the server runs; --server gives another address."
	}
	if errors.Is(err, context.Canceled) {
		return "Interrupted."
	}
	return clean(err.Error())
}

func explainProblem(problem *v1.Problem) string {
	text := clean(problem.Detail)
	if len(problem.Errors) < 2 && strings.Contains(text, faultText(problem.Errors)) {
		return text
	}
	for _, fault := range problem.Errors {
		text += "\n  " + clean(fault.Location) + ": " + clean(fault.Message)
	}
	return text
}

func faultText(faults []v1.Fault) string {
	if len(faults) == 0 {
		return ""
	}
	return clean(faults[0].Message)
}
