#!/usr/bin/env bash
# oip.sh MODELS: requests a second of the Open Inference Protocol with one row as binary data, both ways, under wrk, beside Vert.x alone
# echoing the same bodies, in turn. All are misses.
#   LOOPS=1   event loops of the echo      COUNT=10000   different bodies
#   ROUNDS=3 SECONDS_EACH=10 WARM_UP=5 CONNECTIONS=64   PORT=5061 ECHO_PORT=5062
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || { sed -n 2,5p "$0" >&2; exit 2; }
models="$(realpath "$1")" port="${PORT:-5061}" echo_port="${ECHO_PORT:-5062}" count="${COUNT:-10000}"
classes="$jar:$root/target/test-classes"
machine
bodies digits 1 "$work/body"
"$java" -cp "$classes" io.retort.http.TensorBodies features "$count" > "$work/bodies"
bytes=$(($(stat -c %s "$work/bodies") / count))
binary=("$bytes" Content-Type application/octet-stream Inference-Header-Content-Length $((bytes - 784 * 4)))
begin ours "$port" /predict "$work/body" retort serve --models "$models" --port "$port"
begin echo "$echo_port" / "$work/body" "$java" -cp "$classes" io.retort.http.EchoServer "$echo_port" "${LOOPS:-1}"

url="http://127.0.0.1:$port/v2/models/student/infer" echo_url="http://127.0.0.1:$echo_port/"
measured() { # NAME URL
  local line
  line="$(load "$2" "$work/bodies" "${SECONDS_EACH:-10}" "${binary[@]}")"
  echo "$1: $line"
  field rate <<< "$line" >> "$work/$1"
}
load "$url" "$work/bodies" "${WARM_UP:-5}" "${binary[@]}" > /dev/null
load "$echo_url" "$work/bodies" "${WARM_UP:-5}" "${binary[@]}" > /dev/null
for _ in $(seq "${ROUNDS:-3}"); do
  measured ours "$url"
  measured echo "$echo_url"
done
echo "ours: cache $(curl -s "http://127.0.0.1:$port/health" | grep -o '"hits":[0-9]*,"misses":[0-9]*')"
awk -v a="$(median < "$work/ours")" -v b="$(median < "$work/echo")" 'BEGIN {printf "ours: median %d/s, echo: median %d/s\nours / echo: %.2f\n", a, b, a / b}'
