# Sourced by the other scripts: what to measure, a BLAS that finds out about the processor by itself, and what ran where.
#   RETORT=target/retort   the launcher, instead of the jar       OPTIONS=   more options of our JVM
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
jar="${JAR:-$root/target/retort.jar}"
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
work="$(mktemp -d)"
servers=()

# Where these are set, OpenBLAS runs another processor's kernels, or other numbers of threads.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS OMP_NUM_THREADS

finish() {
  for server in "${servers[@]}"; do kill "$server" 2> /dev/null || true; done
  wait
  rm -rf "$work"
}
trap finish EXIT

[ -f "$jar" ] || { echo "build the jar first, mvn -q -Pbench -DskipTests package: there is no $jar" >&2; exit 2; }

retort() {
  if [ -n "${RETORT:-}" ]; then
    RETORT_JAVA_OPTIONS="${OPTIONS:-}" exec "$RETORT" "$@"
  fi
  exec "$java" ${OPTIONS:-} -jar "$jar" "$@"
}

machine() {
  echo "# $(date -u +%FT%TZ) commit $(git -C "$root" rev-parse --short HEAD)$(git -C "$root" diff --quiet HEAD || echo ' with changes')"
  lscpu | awk -F': +' '/^Model name|^CPU\(s\)|^L3 cache|^Hypervisor/ {printf "%s%s: %s", (n++ ? ", " : "# "), $1, $2} END {print ""}'
  echo "# $("$java" -version 2>&1 | sed -n 2p), load before: $(cut -d' ' -f1-3 /proc/loadavg)"
  echo "# ours: ${RETORT:-java ${OPTIONS:-} -jar ${jar##*/}}${RETORT:+ ${OPTIONS:-}}"
}

# begin NAME PORT PATH FILE COMMAND...: starts a server and waits until it answers the file; its process is the last of servers.
begin() {
  "${@:5}" > "$work/$1.log" 2>&1 &
  servers+=($!)
  ask "$2" "$3" "$4" $! || { cat "$work/$1.log" >&2; exit 1; }
}

resident() { awk '/VmRSS/ {printf "%.0f\n", $2 / 1024}' "/proc/$1/status"; }

# wrk's load: load URL BODIES SECONDS [MORE OF post.lua...]
load() {
  wrk -t1 -c"${CONNECTIONS:-64}" -d"$3s" -s "$root/src/jmh/scripts/post.lua" "$1" -- "$2" "${@:4}" | grep '^rate'
}

# field NAME: the word after NAME in a line of load or open_loop.
field() { awk -v name="$1" '{for (i = 1; i < NF; i++) if ($i == name) {print $(i + 1); exit}}'; }

# The client of Poisson arrivals; native/bench/load/open_loop.cpp says what it takes.
open_loop() { "$root/target/bench/bench/open_loop" "$@"; }
build_open_loop() {
  { cmake -S "$root/native" -B "$root/target/bench" -DRETORT_CPU=OFF -DRETORT_BENCH=ON \
    && cmake --build "$root/target/bench" --target open_loop; } > "$work/build" 2>&1 || { cat "$work/build" >&2; exit 1; }
}

# bodies KIND COUNT FILE: different bodies of POST /predict, one a line.
bodies() {
  [ -d "$root/target/test-classes/io/retort/http" ] || { echo "build with -Pbench: src/jmh is not compiled" >&2; exit 2; }
  "$java" -cp "$jar:$root/target/test-classes" io.retort.http.Bodies "$1" "$2" > "$3"
}

# The middle one of the numbers on standard input.
median() { sort -n | awk '{a[NR] = $1} END {print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2}'; }

# ask PORT PATH FILE PID: waits for the first answer 200 to a POST of the file; fails once the process has ended.
# Bash's own sockets: starting a program each time would take longer than the answer.
exec 9<> <(:)
ask() {
  local status
  while kill -0 "$4" 2> /dev/null; do
    if exec 8<> "/dev/tcp/127.0.0.1/$1"; then
      printf 'POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n' \
        "$2" "$(stat -c %s "$3")" >&8
      cat "$3" >&8
      status=
      read -rt 5 status <&8 || true
      exec 8>&-
      [[ $status == *" 200 "* ]] && return 0
    fi 2> /dev/null
    read -rt 0.002 -u 9 || true
  done
  echo "the server ended before it answered" >&2
  return 1
}
