// Package e2e tests a whole installation: real processes on this machine, the Slack stand-in as the vendor, and every
// crash that can be thought of.
package e2e
