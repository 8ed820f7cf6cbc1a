#!/usr/bin/env bash
# above.sh MODELS: what one client waits for POST /predict, all misses, above the bare forward pass of the model as its warm-up found it.
# The client's and the kernel's own time is in it, so a server's part is less.
#   ROUNDS=5 SECONDS_EACH=5 WARM_UP=5   BODIES=digits COUNT=10000   PORT=5059
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || { sed -n 2,4p "$0" >&2; exit 2; }
models="$(realpath "$1")" port="${PORT:-5059}"
url="http://127.0.0.1:$port/predict"
machine
build_open_loop
bodies "${BODIES:-digits}" "${COUNT:-10000}" "$work/bodies"
head -1 "$work/bodies" > "$work/body"
begin ours "$port" /predict "$work/body" retort serve --models "$models" --port "$port"
one() { open_loop --closed 1 --header 'Content-Type: application/json' "$url" "$work/bodies" "$1"; }
one "${WARM_UP:-5}" > /dev/null
for _ in $(seq "${ROUNDS:-5}"); do
  line="$(one "${SECONDS_EACH:-5}" | grep 'status 200')"
  field p50 <<< "$line" >> "$work/p50"
  field p99 <<< "$line" >> "$work/p99"
done
pass="$(curl -s "http://127.0.0.1:$port/v1/models/student" | grep -o '"rowMicros":[0-9.]*' | cut -d: -f2 | sort -n | tail -1)"
awk -v p50="$(median < "$work/p50")" -v p99="$(median < "$work/p99")" -v pass="$pass" \
  'BEGIN {printf "ours: median p50 %.0f us, p99 %.0f us; forward pass %.1f us; p50 above it %.0f us\n", p50 * 1e3, p99 * 1e3, pass, p50 * 1e3 - pass}'
