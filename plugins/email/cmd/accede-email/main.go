// Command accede-email brings requests into mailboxes.
package main

import (
	"os"

	"github.com/accede/accede/plugins/email"
	"github.com/accede/accede/plugins/host"
)

func main() { os.Exit(host.Main(email.Spec())) }
