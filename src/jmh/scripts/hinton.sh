#!/usr/bin/env bash
# hinton.sh DIRECTORY: Hinton's MNIST table (Hinton, Vinyals, Dean 2015): errors of the 10,000 test digits by the teacher, the
# student on hard labels and the same student on soft targets, and the ratio of the students' errors.
#   SEEDS="1"   RECIPES="hinton-mnist-hard hinton-mnist-soft", or files of shorter ones
set -euo pipefail
. "$(dirname "$0")/machine.sh"
[ $# -eq 1 ] || { sed -n 2,4p "$0" >&2; exit 2; }
mkdir -p "$1"
machine
errors() { # MODELS MODEL
  "$java" -jar "$jar" evaluate --models "$1" --model "$2" | tr -d ',()' | awk '/accuracy/ {print $5 - $3}'
}
for seed in ${SEEDS:-1}; do
  models="$(realpath "$1")/$seed/models"
  if [ ! -d "$models" ]; then
    for recipe in ${RECIPES:-hinton-mnist-hard hinton-mnist-soft}; do
      SECONDS=0
      "$java" -jar "$jar" distill --recipe "$recipe" --seed "$seed" --models "$models" 2> "$work/log" \
        || { cat "$work/log" >&2; exit 1; }
      echo "seed $seed: $recipe $SECONDS s"
    done
  fi
  echo "$(errors "$models" hinton-teacher) $(errors "$models" hinton-student-hard) $(errors "$models" hinton-student-soft)" |
    awk -v seed="$seed" '{printf "seed %d: errors: teacher %d, hard labels %d, soft targets %d; soft / hard %.2f\n", seed, $1, $2, $3, $3 / $2}'
done
