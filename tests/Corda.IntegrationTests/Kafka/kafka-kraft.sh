#!/usr/bin/env bash
# Brokers of an unpacked Apache Kafka distribution (KAFKA_HOME, 4.0 or newer, Java 17) for tests; understands the same commands as a test kit's script:
#   start DIR [--brokers N] [--set KEY=VALUE]...   stop|kill|up DIR [K]   pause|resume DIR K   tool NAME ARG...
set -euo pipefail
: "${KAFKA_HOME:?names an unpacked Apache Kafka distribution}"
bin="$KAFKA_HOME/bin"
export KAFKA_HEAP_OPTS="${KAFKA_HEAP_OPTS:--Xms128m -Xmx${KAFKA_TEST_HEAP:-384m}}"

fail() { echo "kafka-kraft: $*" >&2; exit 1; }
alive() { [ -s "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null; }
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
signal() { if alive "$1"; then kill "-$2" "$(cat "$1/pid")"; fi; }
gone() { for _ in $(seq 300); do alive "$1" || return 0; sleep 0.1; done; signal "$1" KILL; }

free_port() {
  local port
  for _ in $(seq 200); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    case " $taken " in *" $port "*) continue;; esac
    if ! listening "$port"; then echo "$port"; return; fi
  done
  fail "no free port found"
}

launch() { # BROKER-FOLDER
  : >"$1/log"
  LOG_DIR="$1/logs" setsid "$bin/kafka-server-start.sh" "$1/server.properties" </dev/null >>"$1/log" 2>&1 &
  echo $! >"$1/pid"
}

await() { # BROKER-FOLDER
  for _ in $(seq 900); do
    if grep -q "Kafka Server started" "$1/log"; then return; fi
    alive "$1" || { tail -n 20 "$1/log" >&2; fail "the broker in $1 ended while starting; its log is above"; }
    sleep 0.1
  done
  fail "the broker in $1 did not start within 90 s; see $1/log"
}

start() {
  local dir="${1:?folder}" brokers=1 k extra=() voters="" bootstrap="" taken="" factor least id
  shift
  while [ $# -gt 0 ]; do
    case "$1" in
      --brokers) brokers="$2"; shift 2;;
      --set) extra+=("$2"); shift 2;;
      *) fail "unknown option $1";;
    esac
  done
  mkdir -p "$dir"; dir="$(cd "$dir" && pwd)"
  factor=$((brokers < 3 ? brokers : 3)); least=$((factor < 3 ? 1 : 2))
  local -a port=() controller=()
  for k in $(seq "$brokers"); do
    port[k]="$(free_port)"; taken="$taken ${port[k]}"
    controller[k]="$(free_port)"; taken="$taken ${controller[k]}"
    voters="$voters${voters:+,}$k@127.0.0.1:${controller[k]}"
    bootstrap="$bootstrap${bootstrap:+,}127.0.0.1:${port[k]}"
  done
  id="$("$bin/kafka-storage.sh" random-uuid)"
  for k in $(seq "$brokers"); do
    mkdir -p "$dir/broker-$k/data"
    cat >"$dir/broker-$k/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=$k
controller.quorum.voters=$voters
listeners=CLIENT://127.0.0.1:${port[k]},CONTROLLER://127.0.0.1:${controller[k]}
advertised.listeners=CLIENT://127.0.0.1:${port[k]}
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs=$dir/broker-$k/data
auto.create.topics.enable=false
default.replication.factor=$factor
min.insync.replicas=$least
offsets.topic.num.partitions=8
offsets.topic.replication.factor=$factor
transaction.state.log.num.partitions=8
transaction.state.log.replication.factor=$factor
transaction.state.log.min.isr=$least
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=3000
group.consumer.min.heartbeat.interval.ms=100
group.consumer.heartbeat.interval.ms=500
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=33554432
PROPERTIES
    printf '%s\n' ${extra[@]+"${extra[@]}"} >>"$dir/broker-$k/server.properties"
    "$bin/kafka-storage.sh" format -t "$id" -c "$dir/broker-$k/server.properties" >"$dir/broker-$k/format.log" 2>&1 \
      || { cat "$dir/broker-$k/format.log" >&2; fail "formatting the storage of broker $k failed"; }
  done
  for k in $(seq "$brokers"); do launch "$dir/broker-$k"; done
  for k in $(seq "$brokers"); do await "$dir/broker-$k"; done
  echo "$bootstrap" >"$dir/bootstrap"
  echo "$bootstrap"
}

each() { # DIR [K]: the folders of the brokers meant
  local dir b
  [ -d "${1:?folder}" ] || fail "no cluster in $1"
  dir="$(cd "$1" && pwd)"
  if [ -n "${2:-}" ]; then echo "$dir/broker-$2"; else for b in "$dir"/broker-*; do echo "$b"; done; fi
}

command="${1:-help}"; shift || true
case "$command" in
  start) start "$@";;
  stop) for b in $(each "$@"); do signal "$b" CONT; signal "$b" TERM; done; for b in $(each "$@"); do gone "$b"; done;;
  kill) for b in $(each "$@"); do signal "$b" KILL; gone "$b"; done;;
  up) for b in $(each "$@"); do alive "$b" || launch "$b"; done; for b in $(each "$@"); do await "$b"; done;;
  pause) for b in $(each "$@"); do signal "$b" STOP; done;;
  resume) for b in $(each "$@"); do signal "$b" CONT; done;;
  tool) name="$1"; shift; exec "$bin/kafka-$name.sh" "$@";;
  *) sed -n '2,3s/^# \{0,1\}//p' "${BASH_SOURCE[0]}";;
esac
