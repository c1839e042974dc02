#!/usr/bin/env bash
# Fetches Apache Kafka from Maven Central into .cache/kafka, for tests on a real broker.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$here/kafka/pom.xml")
folder=$cache/kafka
if [ -f "$folder/complete-$version" ]; then
	say "Apache Kafka $version is in $folder"
	exit 0
fi
need java "Apache Kafka" "Install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless)."
need mvn "fetching Apache Kafka" "Install Maven (Debian: apt-get install maven)."
rm -rf "$folder"
mkdir -p "$folder"
with_progress "fetching Apache Kafka $version (43 MB)" \
	mvn -q -B -f "$here/kafka/pom.xml" dependency:copy-dependencies -DoutputDirectory="$folder/libs" ||
	fail "Maven cannot fetch Apache Kafka $version"
[ -f "$folder/libs/kafka_2.13-$version.jar" ] || fail "Maven ended well but there is no kafka_2.13-$version.jar in $folder/libs"
touch "$folder/complete-$version"
say "Apache Kafka $version is in $folder"
