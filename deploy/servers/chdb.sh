#!/usr/bin/env bash
# Installs the ClickHouse engine as a library (libchdb) into .cache/chdb, for the embedded history.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

version=26.5.3
case "$(uname -s)/$(uname -m)" in
	Linux/x86_64) package=lib-linux-x64-gnu ;;
	Linux/aarch64 | Linux/arm64) package=lib-linux-arm64-gnu ;;
	Darwin/arm64) package=lib-darwin-arm64 ;;
	Darwin/x86_64) package=lib-darwin-x64 ;;
	*) fail "there is no libchdb for $(uname -s) on $(uname -m). touchwatch runs without it, but has no history." ;;
esac

folder=$cache/chdb
installed=$folder/node_modules/@chdb/$package
if [ -f "$installed/libchdb.so" ] && grep -q "\"version\": \"$version\"" "$installed/package.json"; then
	say "libchdb $version is in $installed"
	exit 0
fi
need npm "installing libchdb" "Install Node.js (Debian: apt-get install npm), or put libchdb.so somewhere and set TOUCHWATCH_LIBCHDB to its path."
mkdir -p "$folder"
[ -f "$folder/package.json" ] || printf '{"private": true}\n' >"$folder/package.json"
with_progress "installing libchdb $version (about 550 MB on disk)" \
	npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error "@chdb/$package@$version" ||
	fail "npm cannot install @chdb/$package@$version. touchwatch runs without it, but has no history."
[ -f "$installed/libchdb.so" ] || [ -f "$installed/libchdb.dylib" ] || fail "the package @chdb/$package brought no libchdb; looked in $installed"
say "libchdb $version is in $installed"
