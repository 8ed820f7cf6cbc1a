#!/usr/bin/env bash
# poisson.sh MODELS [PEER_PORT PEER_PATH PEER_COMMAND...]: latencies of POST /predict, all misses, at Poisson arrivals of a share of the
# top rate, which wrk finds first; each latency counts from the arrival. Ours and the peer's in turn.
#   SHARE=0.7   ROUNDS=3 SECONDS_EACH=20 WARM_UP=5 TOP_SECONDS=10 CONNECTIONS=64   BODIES=digits COUNT=10000   PORT=5057
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || [ $# -ge 4 ] || { sed -n 2,4p "$0" >&2; exit 2; }
models="$(realpath "$1")" peer_port="${2:-}" peer_path="${3:-}" port="${PORT:-5057}"
machine
build_open_loop
bodies "${BODIES:-digits}" "${COUNT:-10000}" "$work/bodies"
head -1 "$work/bodies" > "$work/body"

find_rate() { # NAME URL
  local top
  load "$2" "$work/bodies" "${WARM_UP:-5}" > /dev/null
  top="$(load "$2" "$work/bodies" "${TOP_SECONDS:-10}" | field rate)"
  awk -v top="$top" -v share="${SHARE:-0.7}" 'BEGIN {printf "%.0f", top * share}' > "$work/$1.rate"
  echo "$1: top rate $top/s; this client asking in a closed loop of ${CONNECTIONS:-64}:" \
    "$(open_loop --closed "${CONNECTIONS:-64}" --header 'Content-Type: application/json' "$2" "$work/bodies" "${WARM_UP:-5}" | field answered)/s"
}
measured() { # NAME URL SEED
  local rate lines
  rate="$(cat "$work/$1.rate")"
  lines="$(open_loop --seed "$3" --warm-up "$rate:${WARM_UP:-5}" --header 'Content-Type: application/json' \
    "$2" "$work/bodies" "$rate:${SECONDS_EACH:-20}")"
  sed "s/^phase 1/$1:/" <<< "$lines"
  lines="$(grep 'status 200' <<< "$lines")"
  field p50 <<< "$lines" >> "$work/$1.p50"
  field p99 <<< "$lines" >> "$work/$1.p99"
}
begin ours "$port" /predict "$work/body" retort serve --models "$models" --port "$port"
find_rate ours "http://127.0.0.1:$port/predict"
if [ -n "$peer_port" ]; then
  begin peer "$peer_port" "$peer_path" "$work/body" "${@:4}"
  find_rate peer "http://127.0.0.1:$peer_port$peer_path"
fi
for round in $(seq "${ROUNDS:-3}"); do
  measured ours "http://127.0.0.1:$port/predict" "$round"
  [ -z "$peer_port" ] || measured peer "http://127.0.0.1:$peer_port$peer_path" "$round"
done
for name in ours peer; do
  [ ! -f "$work/$name.rate" ] || awk -v name="$name" -v rate="$(cat "$work/$name.rate")" -v p50="$(median < "$work/$name.p50")" \
    -v p99="$(median < "$work/$name.p99")" 'BEGIN {printf "%s: at %d/s median p50 %.3f ms, p99 %.3f ms, p99 / p50 %.1f\n", name, rate, p50, p99, p99 / p50}'
done
