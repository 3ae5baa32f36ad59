// Command accede-slack brings requests into a Slack workspace.
package main

import (
	"os"

	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/slack"
)

func main() { os.Exit(host.Main(slack.Spec())) }
