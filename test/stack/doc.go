// Package stack starts the real processes of an installation on this machine: core, sandbox and plugin replicas. The
// demo, the smoke test, the end-to-end tests and the benchmarks share it. It speaks to the processes only as their users
// do: through command lines, files, signals and HTTP.
package stack
