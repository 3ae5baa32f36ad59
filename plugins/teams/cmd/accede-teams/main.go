// Command accede-teams brings requests into Microsoft Teams.
package main

import (
	"os"

	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/teams"
)

func main() { os.Exit(host.Main(teams.Spec())) }
