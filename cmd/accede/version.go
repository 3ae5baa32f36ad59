package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/accede/accede/internal/version"
)

// versions is what `accede version` prints.
type versions struct {
	Client string `json:"client"`
	// Server is empty without a server.
	Server string `json:"server,omitempty"`
}

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show the versions of this program and of the server", Args: exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			found := versions{Client: version.String()}
			stored, err := a.loadSession()
			if err != nil {
				return err
			}
			if address := a.address(stored.Server); address != "" {
				c, err := connect(address, "")
				if err != nil {
					return err
				}
				defer c.Close()
				if found.Server, err = c.Version(command.Context()); err != nil {
					return err
				}
			}
			return a.print(found, func(w io.Writer) {
				row(w, "client:", found.Client)
				row(w, "server:", dash(found.Server))
			})
		},
	}
}
