#!/usr/bin/env bash
# Stops what start.sh started in DIR, and only that. The data stays in DIR.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -eq 1 ] || fail "usage: stop.sh DIR"
[ -d "$1" ] || fail "there is no folder $1"

# end NAME SECONDS: asks the process to end, and kills it if it does not.
end() {
	local name=$1 seconds=$2 pid i
	if ! pid=$(running "$dir/$name.pid"); then
		rm -f "$dir/$name.pid"
		return
	fi
	printf 'stopping %s ' "$name" >&2
	kill "$pid" 2>/dev/null || true
	for ((i = 0; i < seconds * 5; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		((i % 5)) || printf '.' >&2
		sleep 0.2
	done
	if kill -0 "$pid" 2>/dev/null; then
		say ' does not end: killed'
		kill -9 "$pid" 2>/dev/null || true
	else
		say ' done'
	fi
	rm -f "$dir/$name.pid"
}

dir=$(cd "$1" && pwd)
end clickhouse 10
end redis 10
end kafka 20
rm -f "$dir/env"
