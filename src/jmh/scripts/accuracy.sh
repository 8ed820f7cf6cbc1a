#!/usr/bin/env bash
# accuracy.sh DIRECTORY: trains teacher and student by the default recipe with SEEDS="1 2 3 4 5", each into DIRECTORY/SEED, and
# prints their accuracies on the MNIST test set, the last epoch's and that of the epoch whose weights are kept, and the means.
# A seed that is there already is only read.
#   RECIPE=mnist
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || { sed -n 2,5p "$0" >&2; exit 2; }
mkdir -p "$1"
machine
metric() { awk -F'[:,]' -v name="\"$1\"" '$1 ~ "^ *" name {print $2 + 0}' "$2"; }
for seed in ${SEEDS:-1 2 3 4 5}; do
  models="$(realpath "$1")/$seed/models"
  if [ ! -d "$models" ]; then
    SECONDS=0
    "$java" -jar "$jar" distill --recipe "${RECIPE:-mnist}" --seed "$seed" --models "$models" 2> "$work/log" \
      || { cat "$work/log" >&2; exit 1; }
    echo "seed $seed: $SECONDS s"
  fi
  for model in teacher student; do
    card="$models/$model/$(grep -o '[0-9]*' "$models/$model/live")/model.json"
    last="$(metric lastAccuracy "$card")" kept="$(metric accuracy "$card")"
    echo "seed $seed: $model $last, kept $kept"
    echo "$last $kept" >> "$work/$model"
  done
done
for model in teacher student; do
  awk -v model="$model" '{sum += $1; squares += $1 * $1; kept += $2}
    END {mean = sum / NR; spread = NR > 1 ? (squares - NR * mean * mean) / (NR - 1) : 0
         printf "%s: mean %.4f, standard deviation %.4f, kept %.4f, of %d\n", model, mean, sqrt(spread > 0 ? spread : 0), kept / NR, NR}' "$work/$model"
done
