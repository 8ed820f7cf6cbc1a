#!/usr/bin/env bash
# serve.sh MODELS [PEER_PORT PEER_PATH PEER_COMMAND...]: requests a second of POST /predict under wrk, ours and, where a peer's
# command is given, the peer's in turn. The model store MODELS must have a live student.
#   BODIES=digits|random  2.8 kB or 15.9 kB a body      COUNT=10000  different bodies: more than the cache keeps
#   ROUNDS=3 SECONDS_EACH=10 WARM_UP=5 CONNECTIONS=64   OPTIONS=     more options of our JVM   PORT=5055
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || [ $# -ge 4 ] || { sed -n 2,5p "$0" >&2; exit 2; }
models="$(realpath "$1")" peer_port="${2:-}" peer_path="${3:-}"
port="${PORT:-5055}" rounds="${ROUNDS:-3}" each="${SECONDS_EACH:-10}" connections="${CONNECTIONS:-64}"
machine
bodies "${BODIES:-digits}" "${COUNT:-10000}" "$work/bodies"
head -1 "$work/bodies" > "$work/body"

"$java" ${OPTIONS:-} -jar "$jar" serve --models "$models" --port "$port" > "$work/ours.log" 2>&1 &
servers+=($!)
ask "$port" /predict "$work/body" $! || { cat "$work/ours.log" >&2; exit 1; }
if [ -n "$peer_port" ]; then
  "${@:4}" > "$work/peer.log" 2>&1 &
  servers+=($!)
  ask "$peer_port" "$peer_path" "$work/body" $! || { cat "$work/peer.log" >&2; exit 1; }
fi

load() { # PORT PATH SECONDS
  wrk -t1 -c"$connections" -d"$3s" -s "$root/src/jmh/scripts/post.lua" "http://127.0.0.1:$1$2" -- "$work/bodies" | grep '^rate'
}
measured() { # NAME PORT PATH
  local line
  line="$(load "$2" "$3" "$each")"
  echo "$1: $line"
  awk '{print $2}' <<< "$line" >> "$work/$1"
}
load "$port" /predict "${WARM_UP:-5}" > /dev/null
[ -z "$peer_port" ] || load "$peer_port" "$peer_path" "${WARM_UP:-5}" > /dev/null
for _ in $(seq "$rounds"); do
  measured ours "$port" /predict
  [ -z "$peer_port" ] || measured peer "$peer_port" "$peer_path"
done
echo "ours: median $(median < "$work/ours")/s, $(awk '/VmRSS/ {printf "%.0f MiB", $2 / 1024}' "/proc/${servers[0]}/status") resident"
echo "ours: cache $(curl -s "http://127.0.0.1:$port/health" | grep -o '"hits":[0-9]*,"misses":[0-9]*')"
[ -z "$peer_port" ] || awk -v a="$(median < "$work/ours")" -v b="$(median < "$work/peer")" \
  'BEGIN {printf "peer: median %d/s\nours / peer: %.2f\n", b, a / b}'
