// Command accede-pagerduty brings requests into PagerDuty.
package main

import (
	"os"

	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/pagerduty"
)

func main() { os.Exit(host.Main(pagerduty.Spec())) }
