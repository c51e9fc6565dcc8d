#!/bin/bash
# resume.sh - no run is lost and no table is wrong, whatever happens: 200 kills of a short sweep, 5 kills of a short
# `make all`; every write, sync, rename, open and unlink of a program failed in turn, those of SQLite among them; two
# programs at once; a disk of 1 MiB.  After each, the same command goes on and leaves the same bytes as an undisturbed
# one.
set -u
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
scratch=$(mktemp -d) || exit 1
trap 'umount "$scratch/disk" 2> /dev/null; rm -rf "$scratch"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
set_of() { (cd "$1" && sha256sum ./*.tsv ./*.sha256 2> /dev/null); }

"$(dirname "$0")/test_resume.sh" "${1:-200}" || fail "test_resume.sh"

# ---------------------------------------------------------------------------------------------- each call fails ----
compiler=$(cut -d ' ' -f 1 "$build/flags")
"$compiler" -std=c17 -O1 -fPIC -shared -Wall -Wextra -o "$scratch/fail.so" tests/preload/fail.c -ldl || exit 1
sweep() { # STEPS OPTION...: two runs
    exec "$build/depth_sweep" --depths 1 --replicas 2 --data-size 60 --batch 8 --threads 1 --no-plot --steps "$@"
}
short() { (sweep "$@" --quiet); }
mkdir "$scratch/d"
short 5 --store none --out "$scratch/new" || fail "without a store"
short 4 --store none --out "$scratch/old" || fail "without a store"
old=$(set_of "$scratch/old") new=$(set_of "$scratch/new")
tried=0 survived=0
for call in write sync rename open unlink; do
    for number in 5 28; do # EIO, ENOSPC
        for ((at = 0; ; at++)); do
            rm -rf "$scratch/d" "$scratch/fired"
            mkdir "$scratch/d" && cp -r "$scratch/old" "$scratch/d/out"
            FAIL_CALL=$call FAIL_AT=$at FAIL_ERRNO=$number FAIL_UNDER=$scratch/d FAIL_FIRED=$scratch/fired \
                LD_PRELOAD=$scratch/fail.so short 5 --store "$scratch/d/runs.db" --out "$scratch/d/out" 2> "$scratch/err"
            status=$?
            [ -e "$scratch/fired" ] || break
            tried=$((tried + 1))
            what="$call number $at, errno $number"
            now=$(set_of "$scratch/d/out")
            case $status in
                0) survived=$((survived + 1))
                   [ "$now" = "$new" ] || fail "$what: done, but the tables are others" ;;
                1) [ "$(wc -l < "$scratch/err")" -eq 1 ] || fail "$what: $(cat "$scratch/err")"
                   [ "$now" = "$old" ] || [ "$now" = "$new" ] || fail "$what: neither the old tables nor the new" ;;
                *) fail "$what: status $status: $(cat "$scratch/err")" ;;
            esac
            short 5 --store "$scratch/d/runs.db" --out "$scratch/d/out" 2> "$scratch/err" ||
                fail "$what: not resumed: $(cat "$scratch/err")"
            [ "$(set_of "$scratch/d/out")" = "$new" ] || fail "$what: resumed to other tables"
            left=$(cd "$scratch/d" && find . -name '.fathom*' -o -name 'runs.db-*')
            [ -z "$left" ] || fail "$what: left $left"
        done
        [ $at -gt 0 ] || fail "$call: was never called"
    done
done
echo "$tried calls failed, $survived of them without effect"

# -------------------------------------------------------------------------------------------------- two at once ----
# One store and one folder, other runs: both end well, or one is killed.  The folder is of either, never of both.
rounds=40 killed=0
pause() { sleep "0.$(printf %03d $((RANDOM % $1)))"; } # less than so many milliseconds
for ((i = 0; i < rounds; i++)); do
    rm -rf "$scratch/d" && mkdir "$scratch/d"
    (sweep 4 --store "$scratch/d/runs.db" --out "$scratch/d/out" 2> "$scratch/err4") & one=$!
    pause $((i % 2 ? 10 : 100))
    (sweep 5 --store "$scratch/d/runs.db" --out "$scratch/d/out" 2> "$scratch/err5") & two=$!
    [ $((i % 2)) -eq 0 ] || { pause 60; kill -KILL $one 2> /dev/null; }
    wait $one 2> /dev/null
    status=$?
    [ $status -eq 0 ] || { [ $((i % 2)) -eq 1 ] && [ $status -eq 137 ] && killed=$((killed + 1)); } ||
        fail "one of two: status $status: $(cat "$scratch/err4")"
    wait $two || fail "two of two: $(cat "$scratch/err5")"
    now=$(set_of "$scratch/d/out")
    [ "$now" = "$old" ] || [ "$now" = "$new" ] || fail "two at once: neither the tables of one nor those of the other"
    short 4 --store "$scratch/d/runs.db" --out "$scratch/d/out" || fail "after two at once"
    [ "$(set_of "$scratch/d/out")" = "$old" ] || fail "after two at once: other tables"
    (sweep 5 --store "$scratch/d/runs.db" --out "$scratch/d/out") 2> "$scratch/err"
    grep -q 'no runs to make, 2 found' "$scratch/err" || fail "after two at once: $(cat "$scratch/err")"
    left=$(cd "$scratch/d" && find . -name '.fathom*' -o -name 'runs.db-*')
    [ -z "$left" ] || fail "two at once: left $left"
done
[ $killed -gt 0 ] || fail "two at once: none was killed"
echo "$rounds times two at once, $killed of them killed"

# ------------------------------------------------------------------------------------------------- a disk of 1 MiB ----
mkdir "$scratch/disk"
if mount -t tmpfs -o size=1m none "$scratch/disk" 2> /dev/null; then
    big() {
        "$build/actnorm" --seed 0 --seeds 16 --steps 300 --data-size 60 --batch 8 --quiet --no-plot --out "$1" \
            --store "$2" 2> "$scratch/err"
    }
    big "$scratch/whole" none || fail "actnorm: $(cat "$scratch/err")"
    big "$scratch/disk/out" "$scratch/disk/runs.db"
    status=$?
    [ $status -eq 1 ] && [ "$(wc -l < "$scratch/err")" -eq 1 ] || fail "a full disk: status $status: $(cat "$scratch/err")"
    [ -z "$(find "$scratch/disk/out" -name '*.tsv')" ] || fail "a full disk: tables are there"
    mount -o remount,size=64m "$scratch/disk"
    big "$scratch/disk/out" "$scratch/disk/runs.db" || fail "room again: $(cat "$scratch/err")"
    [ "$(set_of "$scratch/disk/out")" = "$(set_of "$scratch/whole")" ] || fail "room again: other tables"
    umount "$scratch/disk"
else
    echo "resume: skipped: a disk of 1 MiB: no right to mount one"
fi

# -------------------------------------------------------------------------------------------------------- make all ----
# With one seed: what is proved is that each experiment goes on, not how many flows it has.
all() { # OUT STORE
    exec setsid "$make" -s BUILD="$build" OUT="$1" STORE="$2" STEPS=4 SEEDS=1 all > "$scratch/log" 2>&1
}
started=$(date +%s)
(all "$scratch/results" none) || fail "make all: $(tail -n 3 "$scratch/log")"
mv "$scratch/results" "$scratch/all" # the report names the folder, so the other one gets the same name
takes=$(($(date +%s) - started + 1))
killed=0
for ((i = 0; i < 5; i++)); do
    (all "$scratch/results" "$scratch/all.db") &
    pid=$!
    tenths=$((RANDOM % (10 * takes / (i + 2) + 1))) # there is less left to do each time
    for (( ; tenths > 0; tenths--)); do kill -0 $pid 2> /dev/null || break; sleep 0.1; done
    kill -KILL -- -$pid 2> /dev/null
    wait $pid 2> /dev/null
    [ $? -eq 137 ] && killed=$((killed + 1))
done
(all "$scratch/results" "$scratch/all.db") || fail "make all, resumed: $(tail -n 3 "$scratch/log")"
differ=$(diff -rq -x timings "$scratch/all" "$scratch/results") || fail "make all, resumed: $differ"
(all "$scratch/results" "$scratch/all.db")
differ=$(diff -rq -x timings "$scratch/all" "$scratch/results") || fail "make all, all from the store: $differ"
made='\(runs\?\|integrals\?\|flows\?\) in .* threads\?'
grep -q "$made" "$scratch/log" && fail "make all again: $(grep "$made" "$scratch/log" | head -n 1)"
grep -q 'no runs to make' "$scratch/log" || fail "make all again: $(tail -n 3 "$scratch/log")"
echo "make all: 5 kills, $killed ended it; $failures failures"
[ $failures -eq 0 ] && [ $killed -gt 0 ]
