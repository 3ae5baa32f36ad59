// Package teamssim is a local stand-in of Microsoft Teams and of what a bot there needs: Entra's token endpoint, the Bot
// Framework's published keys, the Bot Connector, a little of Microsoft Graph, and a page on which people see and click.
//
// It behaves as Microsoft does and not as our client expects: single-tenant tokens by secret or certificate, callbacks
// signed with endorsed keys, one chat under two ids, a message with text and attachments that becomes two and is not
// named, no reading back, refusals with Microsoft's own codes, per-person views of a card that an edit takes back.
//
// It imports nothing of the plugin.
package teamssim
