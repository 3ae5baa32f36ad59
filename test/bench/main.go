package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/accede/accede/internal/process"
)

func main() {
	os.Exit(process.Main(run))
}

func run(ctx context.Context, env process.Env) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(env.Stderr)
	seconds := flags.Int("seconds", 8, "how long each measurement lasts")
	stored := flags.Int("stored", 100_000, "how many requests are stored for the start-up measurement")
	bin := flags.String("bin", "bin", "directory of the binaries")
	if err := flags.Parse(env.Args); err != nil {
		return 2
	}
	b := &bench{out: env.Stdout, each: time.Duration(*seconds) * time.Second, stored: *stored, bin: *bin}
	if err := b.run(ctx); err != nil {
		_, _ = fmt.Fprintln(env.Stderr, "bench:", err)
		return 1
	}
	return 0
}
