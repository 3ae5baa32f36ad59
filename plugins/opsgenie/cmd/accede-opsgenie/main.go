// Command accede-opsgenie brings requests into Opsgenie or Jira Service Management Operations.
package main

import (
	"os"

	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/opsgenie"
)

func main() { os.Exit(host.Main(opsgenie.Spec())) }
