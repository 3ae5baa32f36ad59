// Package slacksim is a local stand-in of Slack: the Web API methods a bot needs, Socket Mode, signed interactivity,
// modals and response URLs, with Slack's own limits, error codes and deadlines. A page shows the workspace as any of its
// people would see it, and everything under /sandbox/ lets a test look inside and click.
//
// It behaves like Slack, not like our client: it shares no code with the plugin and must not import it.
package slacksim
