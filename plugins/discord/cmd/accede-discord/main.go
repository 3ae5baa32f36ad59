// Command accede-discord brings requests into Discord.
package main

import (
	"os"

	"github.com/accede/accede/plugins/discord"
	"github.com/accede/accede/plugins/host"
)

func main() { os.Exit(host.Main(discord.Spec())) }
