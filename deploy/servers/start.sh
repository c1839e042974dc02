#!/usr/bin/env bash
# Starts a real Kafka, Redis and ClickHouse engine on loopback, with their data in DIR, waits until each answers, and
# writes their addresses to DIR/env. What runs already stays as it is.
#
#   start.sh DIR          then: . DIR/env          and later: stop.sh DIR
#
# TOUCHWATCH_BIN names the touchwatch program, which brings the ClickHouse front; without it there is no ClickHouse.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -eq 1 ] || fail "usage: start.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
kafka=127.0.0.1:19092
redis=127.0.0.1:16379
clickhouse=127.0.0.1:18223

# started NAME ADDRESS: is ours running? A foreign program on the address is an error.
started() {
	local pid
	if pid=$(running "$dir/$1.pid"); then
		say "$1 runs already (process $pid)"
		return 0
	fi
	! open_port "${2%:*}" "${2#*:}" || fail "something else listens on $2, which $1 needs; stop it first"
	return 1
}

# launch NAME COMMAND…: in the background, detached from this terminal, output to DIR/NAME.log.
launch() {
	local name=$1
	shift
	local detach=nohup
	! command -v setsid >/dev/null 2>&1 || detach=setsid
	"$detach" "$@" >"$dir/$name.log" 2>&1 </dev/null &
	remember "$dir/$name.pid" "$!"
}

# await NAME SECONDS COMMAND…: until the command succeeds.
await() {
	local name=$1 seconds=$2 i
	shift 2
	printf 'waiting for %s ' "$name" >&2
	for ((i = 0; i < seconds * 5; i++)); do
		if "$@" >/dev/null 2>&1; then
			say ' answers'
			return 0
		fi
		if ! running "$dir/$name.pid" >/dev/null; then
			say ' ended'
			tail -n 20 "$dir/$name.log" >&2
			fail "$name ended right after its start; its output is in $dir/$name.log"
		fi
		((i % 5)) || printf '.' >&2
		sleep 0.2
	done
	say ' silent'
	tail -n 20 "$dir/$name.log" >&2
	fail "$name does not answer after $seconds s; its output is in $dir/$name.log"
}

start_kafka() {
	started kafka "$kafka" && return
	local libs=$cache/kafka/libs config=$dir/kafka.properties
	mkdir -p "$dir/kafka"
	cat >"$config" <<-PROPERTIES
		process.roles=broker,controller
		node.id=1
		controller.quorum.voters=1@127.0.0.1:19093
		listeners=PLAINTEXT://$kafka,CONTROLLER://127.0.0.1:19093
		advertised.listeners=PLAINTEXT://$kafka
		controller.listener.names=CONTROLLER
		listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
		log.dirs=$dir/kafka
		num.partitions=4
		auto.create.topics.enable=false
		message.max.bytes=2097152
		offsets.topic.replication.factor=1
		offsets.topic.num.partitions=4
		transaction.state.log.replication.factor=1
		transaction.state.log.min.isr=1
		group.initial.rebalance.delay.ms=0
	PROPERTIES
	if [ ! -f "$dir/kafka/meta.properties" ]; then
		java -cp "$libs/*" kafka.tools.StorageTool format -t "dG91Y2h3YXRjaC10ZXN0cw" -c "$config" >"$dir/kafka-format.log" 2>&1 || {
			cat "$dir/kafka-format.log" >&2
			fail "Kafka cannot format $dir/kafka"
		}
	fi
	launch kafka java -Xmx1g -cp "$libs/*" kafka.Kafka "$config"
	await kafka 60 open_port 127.0.0.1 19092
	await kafka 60 grep -q "Kafka Server started" "$dir/kafka.log"
}

start_redis() {
	started redis "$redis" && return
	mkdir -p "$dir/redis"
	launch redis redis-server --bind 127.0.0.1 --port 16379 --dir "$dir/redis" --appendonly yes --appendfsync everysec --auto-aof-rewrite-min-size 512mb --rdbcompression no --save "" --daemonize no
	await redis 20 redis-cli -p 16379 ping
}

start_clickhouse() {
	if [ -z "${TOUCHWATCH_BIN:-}" ] || [ ! -x "$TOUCHWATCH_BIN" ]; then
		say "no ClickHouse: TOUCHWATCH_BIN does not name the touchwatch program (build it first: make build)"
		return
	fi
	started clickhouse "$clickhouse" && { has_clickhouse=yes; return; }
	mkdir -p "$dir/clickhouse"
	launch clickhouse "$TOUCHWATCH_BIN" clickhouse-front --listen "$clickhouse" --data "$dir/clickhouse" --library "$library"
	await clickhouse 60 open_port 127.0.0.1 18223
	has_clickhouse=yes
}

"$here/kafka.sh"
"$here/redis.sh"
has_clickhouse=
library=${TOUCHWATCH_LIBCHDB:-}
if [ -z "$library" ]; then
	"$here/chdb.sh"
	library=$(find "$cache/chdb/node_modules/@chdb" -name 'libchdb.so' -o -name 'libchdb.dylib' | head -n 1)
fi
start_kafka
start_redis
start_clickhouse

{
	printf 'export TOUCHWATCH_TEST_KAFKA=%s\n' "$kafka"
	printf 'export TOUCHWATCH_TEST_REDIS=%s\n' "$redis"
	[ -z "$has_clickhouse" ] || printf 'export TOUCHWATCH_TEST_CLICKHOUSE=%s\n' "$clickhouse"
} | tee "$dir/env"
