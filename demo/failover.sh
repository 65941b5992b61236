#!/usr/bin/env bash
# Three flow workers on a real broker, flows that count, one worker killed with kill -9: watch who goes on with them.
# Ends by itself with a verdict; exit code 0 if nothing was lost and nothing was done twice.
# Needs a broker: CORDA_TEST_KAFKA (bootstrap servers), or KAFKA_HOME (an unpacked Apache Kafka; Java 17).
set -euo pipefail
cd "$(dirname "$0")/.."
exec dotnet run -c Release -v q --project demo/Corda.Demo -- "$@"
