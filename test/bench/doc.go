// Command bench measures an installation on this machine: real core and plugin processes, a real disk, a Slack stand-in
// in the benchmark's own process. It prints a table together with the rate at which the same disk can sync, because only
// ratios within one run mean anything.
package main
