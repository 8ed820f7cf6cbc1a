#!/usr/bin/env bash
# start.sh MODELS [PEER_PORT PEER_PATH PEER_COMMAND...]: milliseconds from the start of the process to the first answer 200 of
# POST /predict; the median of RUNS=11, the launcher, the jar alone and the peer in turn. The model store MODELS must have a
# live student.
#   OPTIONS= more options of our JVM   PORT=5056
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || [ $# -ge 4 ] || { sed -n 2,5p "$0" >&2; exit 2; }
models="$(realpath "$1")" peer_port="${2:-}" peer_path="${3:-}" port="${PORT:-5056}"
machine
bodies digits 1 "$work/body"

started() { # NAME PORT PATH COMMAND...
  local begin end pid
  begin="$EPOCHREALTIME"
  "${@:4}" > "$work/$1.log" 2>&1 &
  pid=$!
  servers=("$pid")
  ask "$2" "$3" "$work/body" "$pid" || { cat "$work/$1.log" >&2; exit 1; }
  end="$EPOCHREALTIME"
  echo $(((${end/./} - ${begin/./}) / 1000)) >> "$work/$1"
  awk '/VmRSS/ {printf "%.0f\n", $2 / 1024}' "/proc/$pid/status" >> "$work/$1.rss"
  kill "$pid"
  wait "$pid" || true
  servers=()
}
for _ in $(seq "${RUNS:-11}"); do
  RETORT_JAVA_OPTIONS="${OPTIONS:-}" started launcher "$port" /predict "${jar%.jar}" serve --models "$models" --port "$port"
  started jar "$port" /predict "$java" ${OPTIONS:-} -jar "$jar" serve --models "$models" --port "$port"
  [ -z "$peer_port" ] || started peer "$peer_port" "$peer_path" "${@:4}"
done
for name in launcher jar peer; do
  [ ! -f "$work/$name" ] || echo "$name: median $(median < "$work/$name") ms of $(sort -n "$work/$name" | paste -sd' '); $(median < "$work/$name.rss") MiB resident"
done
