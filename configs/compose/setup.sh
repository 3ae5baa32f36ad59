#!/bin/sh
# Fills a fresh core with the demo's roles, people and links, and hands the Slack plugin its credential. What is there
# already stays as it is, so it may run at every start. ACCEDE_SERVER says where the core is.
set -eu

binary=${ACCEDE_BINARY:-/out/accede}
demo=${DEMO_DIR:-/etc/accede/demo}
core_data=${CORE_DATA:-/core-data}
handed_out=${HANDED_OUT:-/var/lib/accede}

if ! [ -s "$core_data/admin.json" ]; then
	echo "setup: there is no $core_data/admin.json; run 'acceded credential' while the core is stopped" >&2
	exit 1
fi
accede() { "$binary" --token-file="$core_data/admin.json" "$@"; }

accede apply -f "$demo"

for pair in alice:U0ALICE ivan:U0IVAN bob:U0BOB; do
	accede admin link add slack T0ACCEDE "${pair#*:}" --person="${pair%%:*}"
done

# A new credential would make the old one, and the buttons of all cards so far, worthless: only if there is none.
if ! [ -s "$handed_out/slack.creds" ]; then
	accede admin plugin add slack --out="$handed_out/slack.creds"
fi

for person in alice carol; do
	if ! [ -s "$handed_out/$person.token" ]; then
		accede admin token create --person="$person" --title=demo --out="$handed_out/$person.token"
	fi
done
