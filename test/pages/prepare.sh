#!/bin/sh
# Gets what the browser tests need: Chromium, and axe-core from npm. Says plainly what is missing when it cannot.
set -eu
cd "$(dirname "$0")/../.."

AXE_VERSION=4.14.1
AXE_SHA256=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
AXE=bin/axe-core-$AXE_VERSION.min.js

found() {
	[ -n "${ACCEDE_BROWSER:-}" ] && return 0
	for name in chromium chromium-browser google-chrome chrome; do
		command -v "$name" > /dev/null && return 0
	done
	return 1
}

if ! found; then
	if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
		echo "browser tests: installing Chromium from Debian's packages"
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null
	else
		echo "browser tests: there is no Chromium here. Install it, or name it in ACCEDE_BROWSER." >&2
		exit 1
	fi
fi

if [ ! -f "$AXE" ]; then
	command -v npm > /dev/null || { echo "browser tests: npm is missing; it brings axe-core. Install Node.js." >&2; exit 1; }
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	(cd "$dir" && npm pack --silent "axe-core@$AXE_VERSION" > /dev/null && tar xzf "axe-core-$AXE_VERSION.tgz")
	echo "$AXE_SHA256  $dir/package/axe.min.js" | sha256sum --check --status ||
		{ echo "browser tests: axe-core from npm is not the file that was expected; look at why before changing its sum." >&2; exit 1; }
	mkdir -p bin
	cp "$dir/package/axe.min.js" "$AXE"
fi
