// Command accede-jira brings requests into a Jira project.
package main

import (
	"os"

	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/jira"
)

func main() { os.Exit(host.Main(jira.Spec())) }
