#!/usr/bin/env bash
# overload.sh MODELS: POST /predict, all misses, at Poisson arrivals: half the top rate, then FACTOR times the top rate, then half of it
# again. What finds all connections taken for 10 ms is kept by the client. Prints each phase, the seconds around the end of the overload,
# and what the process holds each 10 s.
#   FACTOR=2 SECONDS_OVER=60 SECONDS_HALF=10 CONNECTIONS_OPEN=1024   WARM_UP=5 TOP_SECONDS=10 CONNECTIONS=64   BODIES=digits COUNT=10000   PORT=5058
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || { sed -n 2,5p "$0" >&2; exit 2; }
models="$(realpath "$1")" port="${PORT:-5058}" over="${SECONDS_OVER:-60}" half="${SECONDS_HALF:-10}"
url="http://127.0.0.1:$port/predict"
machine
build_open_loop
bodies "${BODIES:-digits}" "${COUNT:-10000}" "$work/bodies"
head -1 "$work/bodies" > "$work/body"
begin ours "$port" /predict "$work/body" retort serve --models "$models" --port "$port"
load "$url" "$work/bodies" "${WARM_UP:-5}" > /dev/null
top="$(load "$url" "$work/bodies" "${TOP_SECONDS:-10}" | field rate)"
times() { awk -v top="$top" -v factor="$1" 'BEGIN {printf "%.0f", top * factor}'; }
echo "ours: top rate $top/s"

(while sleep 10; do resident "${servers[0]}" >> "$work/resident"; done) 9<&- &
servers+=($!)
open_loop --each-second --keep 0.01 --connections "${CONNECTIONS_OPEN:-1024}" --header 'Content-Type: application/json' \
  "$url" "$work/bodies" "$(times 0.5):$half" "$(times "${FACTOR:-2}"):$over" "$(times 0.5):$half" > "$work/lines"
grep '^phase' "$work/lines" | sed 's/^phase 1/before:/; s/^phase 2/over:/; s/^phase 3/after:/'
echo "seconds around the end of the overload, at second $((half + over)):"
awk -v end=$((half + over)) '$1 == "second" && $2 >= end - 2 && $2 <= end + 3' "$work/lines"
echo "resident MiB, each 10 s: $(paste -sd' ' "$work/resident")"
awk '$1 == "phase" && $2 == 2 && $3 == "status" {count[$4] = $6; if ($4 == 200) {p99 = $12; sent = $20}}
  END {for (status in count) printf "over: %d answers %d\n", count[status], status
       printf "over: p99 of the 200s %.1f ms from the arrival, %.1f ms from the sending\n", p99, sent}' "$work/lines"
