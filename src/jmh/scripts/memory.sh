#!/usr/bin/env bash
# memory.sh MODELS [PEER_PORT PEER_PATH PEER_COMMAND...]: MiB that a server holds after each tenth of REQUESTS=1000000 POSTs to /predict, all
# misses, by wrk; then the same of the peer's.
#   RETORT=target/retort   CONNECTIONS=64   BODIES=digits COUNT=10000   PORT=5060
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || [ $# -ge 4 ] || { sed -n 2,4p "$0" >&2; exit 2; }
models="$(realpath "$1")" port="${PORT:-5060}"
machine
bodies "${BODIES:-digits}" "${COUNT:-10000}" "$work/bodies"
head -1 "$work/bodies" > "$work/body"
held() { # NAME PORT PATH COMMAND...
  local tenth=$((${REQUESTS:-1000000} / 10)) requests=0 next=0
  begin "$1" "$2" "$3" "$work/body" "${@:4}"
  while true; do
    if [ "$requests" -ge "$next" ]; then
      echo "$1: $(resident "${servers[-1]}") MiB after $requests requests"
      [ "$requests" -lt $((10 * tenth)) ] || break
      next=$((requests - requests % tenth + tenth))
    fi
    requests=$((requests + $(load "http://127.0.0.1:$2$3" "$work/bodies" 1 | field rate)))
  done
  kill "${servers[-1]}"
  wait "${servers[-1]}" || true
}
held ours "$port" /predict retort serve --models "$models" --port "$port"
[ $# -eq 1 ] || held peer "${@:2}"
