package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func (a *app) adminPlugin() *cobra.Command {
	return group("plugin", "Administer plugins and what they could not deliver",
		a.pluginAdd(), a.pluginList(), a.pluginStatus(), a.pluginRemove(), a.pluginRetry(), a.pluginDrop())
}

func (a *app) pluginAdd() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "add NAME", Short: "Register a plugin and print its credential file, this once",
		Long: "Registers a plugin and prints the credential file with which it connects. For a plugin that is registered\n" +
			"already, it makes a new credential; the old one stops working.",
		Example: "  accede admin plugin add slack --out=slack.creds",
		Args:    exactly("NAME"),
	}
	c.Flags().StringVar(&out, "out", "", "write the credential to this file, which only you can read")
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		credential, err := c.AddPlugin(ctx, args[0])
		if err != nil {
			return err
		}
		if out != "" {
			return a.writeSecret(out, credential.Credential)
		}
		return a.print(credential, func(w io.Writer) {
			_, _ = io.WriteString(w, credential.Credential) // errors come with the flush
		})
	})
	return c
}

func (a *app) pluginList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List plugins", Args: exactly(),
		RunE: a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
			plugins, err := c.Plugins(ctx)
			if err != nil {
				return err
			}
			return a.print(plugins, func(w io.Writer) {
				row(w, "NAME", "REPLICAS", "DELIVERED", "RETRYING", "PENDING", "PARKED")
				for _, p := range plugins {
					row(w, p.Name, aliveText(p.Replicas), fmt.Sprint(p.Delivered), fmt.Sprint(p.Retrying), fmt.Sprint(p.Pending),
						fmt.Sprint(len(p.Parked)))
				}
			})
		}),
	}
}

func aliveText(replicas []v1.Replica) string {
	alive := 0
	for _, replica := range replicas {
		if replica.Alive {
			alive++
		}
	}
	return fmt.Sprintf("%d of %d alive", alive, len(replicas))
}

func (a *app) pluginStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status [NAME]", Short: "Show replicas and parked deliveries", Args: between(0, "NAME"),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			plugins, err := c.Plugins(ctx)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				plugins = slices.DeleteFunc(plugins, func(p v1.PluginStatus) bool { return p.Name != args[0] })
				if len(plugins) == 0 {
					return &v1.Problem{Code: v1.CodeNotFound, Detail: fmt.Sprintf("There is no plugin %q.", args[0])}
				}
			}
			return a.print(plugins, func(w io.Writer) { pluginTables(w, plugins) })
		}),
	}
}

func pluginTables(w io.Writer, plugins []v1.PluginStatus) {
	if len(plugins) == 0 {
		row(w, "No plugins. `accede admin plugin add NAME` registers one.")
	}
	for _, p := range plugins {
		row(w, fmt.Sprintf("%s: %s, %d delivered, %d retrying, %d events to go, %d parked",
			p.Name, aliveText(p.Replicas), p.Delivered, p.Retrying, p.Pending, len(p.Parked)))
		for _, r := range p.Replicas {
			row(w, "  replica", r.Replica, replicaText(r))
		}
		for _, d := range p.Failing {
			deliveryRow(w, "  retrying", d)
		}
		for _, d := range p.Parked {
			deliveryRow(w, "  parked", d)
		}
	}
}

func deliveryRow(w io.Writer, state string, d v1.Delivery) {
	row(w, state, d.ID, strings.Join([]string{dash(d.DestinationName), d.Slot, "of request", shortID(d.RequestID)}, " "),
		fmt.Sprintf("%d tries, %s: %s", d.Attempt, dash(d.LastKind), dash(d.LastError)))
}

func replicaText(r v1.Replica) string {
	state := "not seen since " + when(r.Seen)
	if r.Alive {
		state = "alive"
	}
	if r.Problem != "" {
		state += ", not ready: " + r.Problem
	}
	return fmt.Sprintf("%s, version %s, %d posted, %d updated, %d duplicates avoided", state, r.Version, r.Posted, r.Updated,
		r.DuplicatesAvoided)
}

func (a *app) pluginRemove() *cobra.Command {
	var yes bool
	c := &cobra.Command{Use: "remove NAME", Aliases: []string{"rm"}, Short: "Cut a plugin off", Args: exactly("NAME")}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.RunE = a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		if err := a.confirm(ctx, "Cut plugin "+clean(args[0])+" off?", yes); err != nil {
			return err
		}
		if err := c.RemovePlugin(ctx, args[0]); err != nil {
			return err
		}
		a.note("Plugin %s is cut off; its credential is worth nothing any more.", args[0])
		return nil
	})
	return c
}

func (a *app) pluginRetry() *cobra.Command {
	return &cobra.Command{
		Use: "retry NAME [DELIVERY]", Short: "Try one parked delivery again, or all", Args: between(1, "NAME", "DELIVERY"),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			id := ""
			if len(args) > 1 {
				id = args[1]
			}
			count, err := c.RetryDeliveries(ctx, args[0], id)
			if err != nil {
				return err
			}
			a.note("Parked deliveries that are tried again: %d.", count)
			return nil
		}),
	}
}

func (a *app) pluginDrop() *cobra.Command {
	return &cobra.Command{
		Use: "drop NAME DELIVERY", Short: "Give a parked delivery up", Args: exactly("NAME", "DELIVERY"),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.DropDelivery(ctx, args[0], args[1]); err != nil {
				return err
			}
			a.note("The delivery is given up.")
			return nil
		}),
	}
}
