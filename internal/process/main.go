package process

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Env is what a program gets from outside. Tests pass their own.
type Env struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
}

// Main runs run with this process's surroundings and returns its exit code. The context ends at the first SIGINT or
// SIGTERM; a second one kills the process at once.
func Main(run func(ctx context.Context, env Env) int) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // gives the second signal back its default effect
	return run(ctx, Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
	})
}
