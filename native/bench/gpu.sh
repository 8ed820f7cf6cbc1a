#!/usr/bin/env bash
# gpu.sh RESULTS [BUILT]: everything that only a machine with an NVIDIA GPU can show, in one command: builds the CUDA
# library, the test table and the benchmarks (or takes them from BUILT, a build folder made elsewhere), runs the table,
# then our kernels beside PyTorch's, and leaves every output in RESULTS. Fails when the table does.
#   STEPS="build test compare sanitize" chooses parts; sanitize (compute-sanitizer over the table) is off by itself.
#   SECONDS_EACH=1800 is the longest that a part may take; COMPARE="--once conv2d" goes to compare.py.
set -uo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
results="${1:?gpu.sh RESULTS [BUILT]: the folder for the results is missing}"
built="${2:-}"
steps="${STEPS:-build test compare}"
limit="${SECONDS_EACH:-1800}"
python="${PYTHON:-python3}"
mkdir -p "$results"
results="$(cd "$results" && pwd)"
status=0

wants() { [[ " $steps " == *" $1 "* ]]; }
# step NAME COMMAND…: the command's output to the screen and to RESULTS/NAME.log.
step() {
  local name=$1 begin=$SECONDS code
  shift
  echo "== $name"
  timeout "$limit" "$@" 2>&1 | tee "$results/$name.log"
  code=${PIPESTATUS[0]}
  echo "== $name: exit $code after $((SECONDS - begin)) s" | tee -a "$results/$name.log"
  return "$code"
}

{
  date -u +%FT%TZ
  git -C "$root" rev-parse --short HEAD 2> /dev/null
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit --format=csv
  nproc
} 2>&1 | tee "$results/machine.txt"

if [ -z "$built" ]; then
  built="$root/target/native-gpu"
  if wants build; then
    for tool in nvcc cmake; do
      command -v $tool > /dev/null || { echo "$tool is missing: build elsewhere and give the folder as BUILT" >&2; exit 2; }
    done
    cmake -S "$root/native" -B "$built" -DRETORT_CPU=OFF -DRETORT_SIMT=OFF -DRETORT_CUDA=ON -DRETORT_TESTS=ON \
      -DRETORT_BENCH=ON > /dev/null || exit 1
    step build cmake --build "$built" --parallel "$(nproc)" || exit 1
  fi
else
  # Programs look for their libraries where they were linked; here they lie beside each other.
  export LD_LIBRARY_PATH="$(cd "$built" && pwd)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
[ -f "$built/libretort_cuda.so" ] || { echo "there is no $built/libretort_cuda.so: it must be built first" >&2; exit 2; }
# PyTorch brings a libcudart of its own, for machines whose toolkit has none.
if ! ldd "$built/libretort_cuda.so" | grep -q 'libcudart.*=> /'; then
  export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}:$("$python" -c 'import glob, os, nvidia; print(os.path.dirname(sorted(
    f for p in nvidia.__path__ for f in glob.glob(p + "/**/libcudart.so.13", recursive=True))[0]))')"
fi
cp "$built/registers.txt" "$results/" 2> /dev/null

if wants test; then step test "$built/test/retort_test_cuda" || status=1; fi
if wants compare; then
  step compare "$python" "$root/native/bench/compare.py" --programs "$built/bench" --out "$results" ${COMPARE:-} || status=1
fi
if wants sanitize; then
  for tool in memcheck racecheck synccheck; do
    step "$tool" compute-sanitizer --tool $tool --error-exitcode 9 "$built/test/retort_test_cuda" || status=1
  done
fi
exit $status
