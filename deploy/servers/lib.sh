# Shared by the scripts of this folder; sourced, not run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${TOUCHWATCH_CACHE:-$root/.cache}

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }
need() { # need COMMAND WHAT-FOR HOW-TO-GET-IT
	command -v "$1" >/dev/null 2>&1 || fail "$1 is not installed; $2 needs it. $3"
}

# with_progress TEXT COMMAND…: runs the command, shows a line that grows while it runs, and its output only if it fails.
with_progress() {
	local text=$1 log status=0 pid
	shift
	log=$(mktemp)
	printf '%s ' "$text" >&2
	"$@" >"$log" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		printf '.' >&2
		sleep 1
	done
	wait "$pid" || status=$?
	if [ "$status" -eq 0 ]; then
		say ' done'
	else
		say ' failed'
		cat "$log" >&2
	fi
	rm -f "$log"
	return "$status"
}

# begun PID: when that process began; empty when there is none. With the number it names one process for good.
begun() { ps -o lstart= -p "$1" 2>/dev/null || true; }

# remember PIDFILE PID: writes down which process we started.
remember() { printf '%s\n%s\n' "$2" "$(begun "$2")" >"$1"; }

# running PIDFILE: prints the process id in the file if it is still the process we started.
running() {
	local pid='' when=''
	[ -f "$1" ] || return 1
	{ read -r pid && read -r when; } <"$1" || true
	[ -n "$pid" ] && [ -n "$when" ] && [ "$(begun "$pid" | xargs)" = "$(printf '%s' "$when" | xargs)" ] && printf '%s' "$pid"
}

# open_port HOST PORT: does anything listen there?
open_port() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }
