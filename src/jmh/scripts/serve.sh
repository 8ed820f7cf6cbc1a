#!/usr/bin/env bash
# serve.sh MODELS [PEER_PORT PEER_PATH PEER_COMMAND...]: requests a second of POST /predict under wrk, ours and, where a peer's
# command is given, the peer's in turn. The model store MODELS must have a live student.
#   BODIES=digits|random  2.8 kB or 15.9 kB a body
#   COUNT=10000           different bodies: more than the cache keeps, so all are misses; with COUNT=100 all are hits
#   ROUNDS=3 SECONDS_EACH=10 WARM_UP=5 CONNECTIONS=64   PORT=5055
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || [ $# -ge 4 ] || { sed -n 2,6p "$0" >&2; exit 2; }
models="$(realpath "$1")" peer_port="${2:-}" peer_path="${3:-}" port="${PORT:-5055}"
machine
bodies "${BODIES:-digits}" "${COUNT:-10000}" "$work/bodies"
head -1 "$work/bodies" > "$work/body"
begin ours "$port" /predict "$work/body" retort serve --models "$models" --port "$port"
[ -z "$peer_port" ] || begin peer "$peer_port" "$peer_path" "$work/body" "${@:4}"

measured() { # NAME PORT PATH
  local line
  line="$(load "http://127.0.0.1:$2$3" "$work/bodies" "${SECONDS_EACH:-10}")"
  echo "$1: $line"
  field rate <<< "$line" >> "$work/$1"
}
load "http://127.0.0.1:$port/predict" "$work/bodies" "${WARM_UP:-5}" > /dev/null
[ -z "$peer_port" ] || load "http://127.0.0.1:$peer_port$peer_path" "$work/bodies" "${WARM_UP:-5}" > /dev/null
for _ in $(seq "${ROUNDS:-3}"); do
  measured ours "$port" /predict
  [ -z "$peer_port" ] || measured peer "$peer_port" "$peer_path"
done
echo "ours: median $(median < "$work/ours")/s, $(resident "${servers[0]}") MiB resident"
echo "ours: cache $(curl -s "http://127.0.0.1:$port/health" | grep -o '"hits":[0-9]*,"misses":[0-9]*')"
[ -z "$peer_port" ] || awk -v a="$(median < "$work/ours")" -v b="$(median < "$work/peer")" -v rss="$(resident "${servers[1]}")" \
  'BEGIN {printf "peer: median %d/s, %d MiB resident\nours / peer: %.2f\n", b, rss, a / b}'
