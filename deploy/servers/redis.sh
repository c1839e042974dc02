#!/usr/bin/env bash
# Makes sure that redis-server is installed, for tests on a real Redis.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if command -v redis-server >/dev/null 2>&1; then
	say "$(redis-server --version | cut -d' ' -f1-3) is in $(command -v redis-server)"
	exit 0
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then
	sudo -n true 2>/dev/null || fail "redis-server is not installed, and this user may not install it. Ask somebody who may: apt-get install redis-server"
	sudo="sudo -n"
fi
need apt-get "installing redis-server" "Install Redis 7 or newer with your system's package manager."
export DEBIAN_FRONTEND=noninteractive
install() { $sudo apt-get install -y --no-install-recommends redis-server; }
with_progress "installing redis-server" install || {
	with_progress "reading the package lists" $sudo apt-get update || fail "apt-get update failed"
	with_progress "installing redis-server" install || fail "apt-get cannot install redis-server"
}
