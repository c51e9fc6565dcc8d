#!/bin/bash
# test_resume.sh [N] - an experiment is killed at N random moments and started again each time: in the end its
# tables are byte for byte those of one run that nothing disturbed, and the store was believed only where it is whole.
set -u
unset LD_PRELOAD # its complaints are lines on stderr, which are counted or compared here
n=${1:-8}
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

program() { # OUT OPTION...: a sweep of 12 runs, in this shell's place: what kills the one kills the other
    exec 2> "$scratch/err" "$build/depth_sweep" --depths 1,2 --replicas 6 --steps 25 --data-size 200 --batch 64 \
        --threads 2 --no-plot --out "$@"
}
sweep() { (program "$@"); }
set_of() { (cd "$1" && sha256sum ./*.tsv ./*.sha256); }
same() { [ "$(set_of "$1")" = "$(set_of "$scratch/whole")" ] || fail "$2: other tables"; }
said() { grep -qF -e "$1" "$scratch/err" || fail "'$(cat "$scratch/err")' does not say '$1'"; }

started=$(date +%s%N)
sweep "$scratch/whole" --store none || fail "without a store: $(cat "$scratch/err")"
[ "$(set_of "$scratch/whole" | wc -l)" -eq 6 ] || fail "a whole set is $(set_of "$scratch/whole")"

takes=$((($(date +%s%N) - started) / 1000000 + 20)) # milliseconds, about

# --------------------------------------------------------------------------------------------------------- kills ----
killed=0 ended=0 rounds=0 found=0
store=$scratch/killed.db
begin() { mkdir -p "$scratch/killed/timings" && touch "$scratch/killed/mine" "$scratch/killed/timings/mine"; }
begin
for ((i = 0; i < n + (n + 3) / 4; i++)); do # the last ones by SIGTERM
    (program "$scratch/killed" --store "$store") &
    pid=$!
    sleep "$(printf '0.%06d' $((RANDOM * 30 * takes / 1000 % 900000)))" # 0 to as long as all of it takes
    if [ $i -lt "$n" ]; then kill -KILL $pid 2> /dev/null; else kill -TERM $pid 2> /dev/null; fi
    wait $pid 2> /dev/null
    status=$?
    case $status in
        0) # it was done: once more from nothing
            same "$scratch/killed" "round $rounds"
            rounds=$((rounds + 1))
            rm -rf "$scratch/killed" "$store"*
            begin ;;
        137) killed=$((killed + 1)) ;;
        130) ended=$((ended + 1)) ;;
        143) [ ! -s "$scratch/err" ] || fail "SIGTERM: $(cat "$scratch/err")" ;; # before the program had begun
        *) fail "kill $i: status $status: $(cat "$scratch/err")" ;;
    esac
done
sweep "$scratch/killed" --store "$store" || fail "after the kills: $(cat "$scratch/err")"
found=$(grep -c found "$scratch/err")
same "$scratch/killed" "after the kills"
# Nothing temporary is left, and nothing of others was touched.
names() { (cd "$1" && find . | sort); }
other=$(diff <({ names "$scratch/whole"; echo ./mine; echo ./timings/mine; } | sort) <(names "$scratch/killed")) ||
    fail "left or gone: $other"
[ "$(ls -A "$scratch" | tr '\n' ' ')" = "err killed killed.db whole " ] || fail "left: $(ls -A "$scratch")"
echo "$n kills, $killed ended the program; then $ended by SIGTERM; $rounds were too late; the last run found some: $found"

# ---------------------------------------------------------------------------------------------- once and for all ----
sweep "$scratch/again" --store "$store" || fail "again: $(cat "$scratch/err")"
said "depth_sweep: no runs to make, 12 found in $store"
same "$scratch/again" "a second time"
[ "$(grep -c '^spiral' "$scratch/again/timings/depth_sweep.tsv")" -eq 0 ] || fail "timings of runs that were not made"
# Another setting is another run; fewer runs are all there.
sweep "$scratch/fewer" --store "$store" --replicas 2
said "no runs to make, 4 found"
sweep "$scratch/other" --store "$store" --lr 0.002
said "12 runs in"
grep -q found "$scratch/err" && fail "runs of another rate were found"
# What another experiment keeps, and this store's row does not have, is made again and added; then it is there.
density() {
    "$build/density" --depths 1 --steps 25 --data-size 200 --batch 64 --no-plot --out "$1" --store "$2" 2> "$scratch/err" ||
        fail "density: $(cat "$scratch/err")"
}
density "$scratch/density" none
density "$scratch/density1" "$store"
density "$scratch/density2" "$store"
said "density: no runs to make, 1 found"
for again in density1 density2; do
    cmp -s "$scratch/density/density.tsv" "$scratch/$again/density.tsv" || fail "$again: other pictures"
done

# Whatever a program's tables ask of a run: from the store they are what they were.
awk 'BEGIN { for (i = 0; i < 150; i++) print sin(i * i), cos(3 * i) + i % 7 / 9 }' > "$scratch/rows"
for program in residual_flow guards stability depth_tuned; do
    for folder in made found; do
        "$build/$program" --data "$scratch/rows" --heldout 0.2 --validation 0.2 --seed 0 --seeds 1 --steps 4 --batch 20 \
            --no-plot --store "$scratch/each.db" --out "$scratch/$folder" 2> "$scratch/err" ||
            fail "$program, $folder: $(cat "$scratch/err")"
    done
    said "$program: no runs to make"
    for table in "$scratch/made"/*.tsv; do
        cmp -s "$table" "$scratch/found/$(basename "$table")" || fail "$program: $(basename "$table") is another from the store"
    done
    rm -rf "$scratch/made" "$scratch/found"
done

# ------------------------------------------------------------------------------------ two at once; signals; refusals ----
cp -r "$scratch/whole" "$scratch/both"
sweep "$scratch/both" --store "$scratch/both.db" & one=$!
sweep "$scratch/both" --store "$scratch/both.db" & two=$!
wait $one || fail "one of two: $(cat "$scratch/err")"
wait $two || fail "two of two: $(cat "$scratch/err")"
same "$scratch/both" "two at once"
sweep "$scratch/both" --store "$scratch/both.db"
said "no runs to make, 12 found"

refused() { # STATUS TEXT STORE
    sweep "$scratch/whole" --quiet --store "$3"
    local status=$?
    [ $status -eq "$1" ] || fail "--store '$3': status $status"
    [ "$(wc -l < "$scratch/err")" -eq 1 ] || fail "--store '$3': $(cat "$scratch/err")"
    said "$2"
}
before=$(set_of "$scratch/whole")
echo "depth seed" > "$scratch/text"
refused 2 "--store ''" ''
refused 2 "--store '--quiet'" --quiet
refused 1 "No such file" "$scratch/nowhere/runs.db"
refused 1 "is not a file" "$scratch"
refused 1 "not a database" "$scratch/text"
code=$(grep -aoE '[0-9a-f]{64}' "$build/harness/fingerprint.c")
sed "s/$code/$(echo "$code" | rev)/" "$store" > "$scratch/other.db"
sum=$(sha256sum < "$scratch/other.db")
refused 1 "belongs to other code" "$scratch/other.db"
[ "$sum" = "$(sha256sum < "$scratch/other.db")" ] || fail "a store of other code was changed"
[ "$before" = "$(set_of "$scratch/whole")" ] || fail "a refusal touched the tables"

"$(dirname "$0")/flips.sh" 12 || fail "flips.sh"
echo "$failures failures"
[ $failures -eq 0 ] && [ $((4 * killed)) -ge "$n" ]
