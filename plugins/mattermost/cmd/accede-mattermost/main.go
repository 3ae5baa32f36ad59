// Command accede-mattermost brings requests into a Mattermost server.
package main

import (
	"os"

	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/mattermost"
)

func main() { os.Exit(host.Main(mattermost.Spec())) }
