package main

import (
	"os"
	_ "time/tzdata" // expressions in roles name time zones, and a container from scratch has none

	"github.com/accede/accede/internal/process"
)

func main() { os.Exit(process.Main(run)) }
