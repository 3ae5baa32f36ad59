// Command accede is the command line for people who ask for access, review what others ask for, or administer who may.
// It goes through the HTTP API like every other program and decides nothing itself.
package main

import (
	"os"

	"github.com/accede/accede/internal/process"
)

func main() { os.Exit(process.Main(run)) }
