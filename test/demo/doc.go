// Command demo starts core, sandbox and the Slack plugin with demo people and says what to try. With -smoke it plays the
// main job on the same processes by itself and ends with 0 or the reason why not.
package main
