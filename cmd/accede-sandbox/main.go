// Command accede-sandbox runs local stand-ins of the vendors that Accede talks to, with a page for each, so that the
// whole product can be tried without an account anywhere.
package main

import (
	"os"

	"github.com/accede/accede/internal/process"
)

func main() { os.Exit(process.Main(run)) }
