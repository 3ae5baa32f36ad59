// Command accede-servicenow brings requests into a ServiceNow instance.
package main

import (
	"os"

	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/servicenow"
)

func main() { os.Exit(host.Main(servicenow.Spec())) }
