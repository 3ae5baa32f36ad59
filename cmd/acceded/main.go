package main

import (
	"os"

	"github.com/accede/accede/internal/process"
)

func main() { os.Exit(process.Main(run)) }
