#!/bin/bash
# kills.sh [N] - a program is ended at N random moments, most of them while gnuplot draws: the folder holds the whole set
# of files of one run, tables, figure and manifest, never parts of two.
#
# SIGTERM, SIGINT and SIGHUP leave nothing of their own.  SIGKILL may leave a staging folder, which the next run
# removes; should it ever fall between two renames, `compare` must say that the folder is a mixture.
set -u
n=${1:-30}
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# A gnuplot that takes its time over the figure, so that there is time to be killed in.
real=$(command -v gnuplot) || { echo "kills: no gnuplot here"; exit 77; }
mkdir "$scratch/bin"
printf '#!/bin/sh\nsleep 0.15\nexec "%s" "$@"\n' "$real" > "$scratch/bin/gnuplot"
chmod +x "$scratch/bin/gnuplot"
export PATH="$scratch/bin:$PATH"
program() { # STEPS DIR
    exec env --default-signal=INT,HUP "$build/depth_sweep" --depths 1 --data-size 60 --batch 8 --threads 1 --quiet \
        --steps "$1" --store none --out "$2"
}
set_of() { (cd "$1" && sha256sum ./*.tsv ./*.svg ./*.sha256); }

(program 4 "$scratch/4") && (program 5 "$scratch/5") || exit 1
cp -r "$scratch/4" "$scratch/out"
[ "$(set_of "$scratch/4" | wc -l)" -eq 8 ] || fail "a whole set is $(set_of "$scratch/4")"
ended=0
for ((i = 0; i < n; i++)); do
    signals=(TERM INT HUP KILL)
    signal=${signals[i % 4]}
    steps=$((4 + i / 4 % 2))
    (program $steps "$scratch/out") 2> "$scratch/err" &
    pid=$!
    sleep "0.$(printf %03d $((RANDOM % 600 + 20)))"
    kill -$signal $pid 2> /dev/null
    wait $pid 2> /dev/null
    status=$?
    [ $status -eq 0 ] || ended=$((ended + 1))
    case $signal:$status in *:0 | TERM:130 | INT:130 | HUP:130 | KILL:137) ;;
        *) fail "SIG$signal: status $status: $(cat "$scratch/err")" ;;
    esac
    left=$(find "$scratch/out" -name '.*' ! -path "$scratch/out" | wc -l)
    [ "$signal" = KILL ] || [ "$left" -eq 0 ] || fail "SIG$signal: left $(ls -A "$scratch/out")"
    now=$(set_of "$scratch/out")
    if [ "$now" != "$(set_of "$scratch/4")" ] && [ "$now" != "$(set_of "$scratch/5")" ]; then
        [ "$signal" = KILL ] && ! "$build/compare" "$scratch/out" "$scratch/out" > "$scratch/said" &&
            grep -q 'a mixture of runs\|missing, but' "$scratch/said" || fail "SIG$signal: a mixture: $now"
    fi
done
(program 4 "$scratch/out") || fail "the run after the kills"
[ "$(set_of "$scratch/out")" = "$(set_of "$scratch/4")" ] || fail "the run after the kills left another set"
[ -z "$(find "$scratch/out" -name '.*' ! -path "$scratch/out")" ] || fail "left: $(ls -A "$scratch/out")"
echo "$n kills, $ended ended the program, $failures failures"
[ $failures -eq 0 ] && [ $((4 * ended)) -ge "$n" ]
