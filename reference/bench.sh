#!/bin/bash
# The notebook's stack and this program on the same work, interleaved: one round runs everything once, and the next
# round in the opposite order.
#
#   reference/bench.sh
#
# Settings, from the environment:
#   PYTHON  the interpreter with the notebook's stack     build/reference/bin/python
#   BUILD   where the programs are                        build
#   OUT     where the tables go                           results/bench/this
#   RUNS    rounds, at least 5                            6  (the first number whose extremes are a 95 % interval)
#   MODES   what a round runs of theirs                   notebook scan gradients (there is gradients-compiled, too)
#   REPEAT  runs of ours in a row, whose mean counts      5
#   SWEEP, GRADIENTS   the programs' command lines        $BUILD/depth_sweep --data ROWS ..., $BUILD/gradient_norm ...
# A round takes about three minutes on two cores; gradients-compiled, most of it compilation, is two more.
#
# Work.  Both train on the notebook's 3000 rows and score those.  Ours reads them from tests/reference/spiral.tsv: of rows
# that it draws itself it would also score 20 000 held-out ones and the true density, which the notebook does not.
# Clocks.  Ours: the whole process from start to exit, rows read and tables on disk included; the mean of a few runs in
# a row, since one is so short that a neighbour on the machine meets it or misses it by luck.  Theirs: inside the
# process, without starting Python, loading its libraries and making the rows; bench.py says what each name includes.
# Writes OUT/reference_runs.tsv (every run) and OUT/reference.tsv (the summary); prints the summary.
set -euo pipefail
export LC_ALL=C JAX_PLATFORMS=cpu PYTHONDONTWRITEBYTECODE=1
here=$(dirname "$0")
BUILD=${BUILD:-build}
PYTHON=${PYTHON:-build/reference/bin/python}
OUT=${OUT:-results/bench/this}
RUNS=${RUNS:-6}
MODES=${MODES:-notebook scan gradients}
REPEAT=${REPEAT:-5}
ROWS=$here/../tests/reference/spiral.tsv
SWEEP=${SWEEP:-$BUILD/depth_sweep --data $ROWS --no-plot --quiet --store none}
GRADIENTS=${GRADIENTS:-$BUILD/gradient_norm --data $ROWS --no-plot --quiet --store none}
BENCH_OPTIONS=${BENCH_OPTIONS:-} # for a quick trial: --steps 20 --depths 1,2

fail() { echo "bench-reference: $1" >&2; exit "${2:-1}"; }

[[ $RUNS =~ ^[1-9][0-9]*$ ]] || fail "RUNS is '$RUNS'; it is a whole number from 1" 2
[[ $REPEAT =~ ^[1-9][0-9]*$ ]] || fail "REPEAT is '$REPEAT'; it is a whole number from 1" 2
for mode in $MODES; do
    [[ $mode =~ ^(notebook|scan|gradients|gradients-compiled)$ ]] ||
        fail "MODES has '$mode'; there are notebook, scan, gradients and gradients-compiled" 2
done
[[ -x $PYTHON ]] || fail "no $PYTHON; make reference makes it"
[[ -x ${SWEEP%% *} && -x ${GRADIENTS%% *} ]] || fail "no ${SWEEP%% *} or ${GRADIENTS%% *}; make builds them"
mkdir -p "$OUT"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
runs=$scratch/runs.tsv

model=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)
{
    printf '# machine: %s, %s processors\n' "${model:-$(uname -m)}" "$(getconf _NPROCESSORS_ONLN)"
    printf '# ours: %s\n' "$("${SWEEP%% *}" --version 2>/dev/null | head -n 1 || true)"
    printf '# theirs: %s\n' "$(grep "==" "$here/requirements.txt" | head -n 7 | tr '\n' ' ')"
    printf '# rounds: %s\n' "$RUNS"
    printf 'round\tname\tseconds\n'
} >"$runs"

# theirs ROUND MODE: the program's own clock.
theirs() {
    # shellcheck disable=SC2086
    "$PYTHON" "$here/bench.py" "$2" $BENCH_OPTIONS 2>"$scratch/err" | sed "s/^/$1\t/" >>"$runs" ||
        { cat "$scratch/err" >&2; fail "bench.py $2 failed"; }
}

# ours ROUND NAME COMMAND...: the whole process, the mean of REPEAT.
ours() {
    local round=$1 name=$2 start end i
    shift 2
    start=${EPOCHREALTIME/./}
    for ((i = 0; i < REPEAT; i++)); do
        "$@" --out "$scratch/out" >"$scratch/err" 2>&1 || { cat "$scratch/err" >&2; fail "$1 failed"; }
    done
    end=${EPOCHREALTIME/./}
    awk -v r="$round" -v n="$name" -v us=$(((end - start) / REPEAT)) 'BEGIN { printf "%s\t%s\t%.6f\n", r, n, us / 1e6 }' >>"$runs"
}

# shellcheck disable=SC2086
step() {
    case $2 in
        notebook | scan | gradients | gradients-compiled) theirs "$1" "$2" ;;
        ours_sweep_1) ours "$1" "$2" $SWEEP --threads 1 ;;
        ours_sweep_2) ours "$1" "$2" $SWEEP --threads 2 ;;
        ours_gradients) ours "$1" "$2" $GRADIENTS --threads 1 ;;
    esac
}

# Not recorded: brings programs and libraries into the page cache.
step 0 ours_gradients
"$PYTHON" "$here/bench.py" scan --steps 4 --depths 1 >/dev/null 2>&1 || fail "the notebook's stack does not run"
sed -i '/^0\t/d' "$runs"

order=()
for mode in notebook ours_sweep_1 scan ours_sweep_2 gradients ours_gradients gradients-compiled; do
    [[ $mode == ours_* || " $MODES " == *" $mode "* ]] && order+=("$mode")
done
for ((round = 1; round <= RUNS; round++)); do
    for ((i = 0; i < ${#order[@]}; i++)); do
        j=$((round % 2 ? i : ${#order[@]} - 1 - i))
        echo "round $round of $RUNS: ${order[j]}" >&2
        step "$round" "${order[j]}"
    done
done

cp "$runs" "$OUT/reference_runs.tsv.new"
mv "$OUT/reference_runs.tsv.new" "$OUT/reference_runs.tsv"
"$PYTHON" "$here/summary.py" "$OUT/reference_runs.tsv" "$OUT/reference.tsv"
