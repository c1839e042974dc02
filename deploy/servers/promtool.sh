#!/usr/bin/env bash
# Makes sure that promtool is there, for the tests of the Prometheus rules, and prints where. The Prometheus server of its package is neither installed nor started.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if command -v promtool; then
	exit 0
fi
kept=$cache/promtool/usr/bin/promtool
if [ ! -x "$kept" ]; then
	need apt-get "getting promtool" "Install Prometheus with your system's package manager."
	need dpkg-deb "getting promtool" "Install Prometheus with your system's package manager."
	rm -rf "$cache/promtool" && mkdir -p "$cache/promtool"
	cd "$cache/promtool"
	with_progress "getting promtool (Debian: prometheus)" apt-get download prometheus || fail "apt-get cannot get the package prometheus: 'apt-get update' as root may help"
	dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
	rm prometheus_*.deb
fi
say "$("$kept" --version 2>&1 | head -1)"
printf '%s\n' "$kept"
