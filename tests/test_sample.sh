#!/bin/bash
# test_sample.sh - runs drawn at random and made again: a changed row is found where it is drawn, and only there.
set -u
unset LD_PRELOAD # its complaints are lines on stderr, which are counted or compared here
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
divergence() {
    "$build/divergence" --depths 4 --seeds 3 --steps 12 --data-size 200 --batch 64 --no-plot --quiet \
        --store none --out "$scratch/out" "$@" > "$scratch/said" 2> "$scratch/err"
}
divergence || fail "$(cat "$scratch/err")"
rows=$(grep -c '^affine' "$scratch/out/divergence.tsv")
sums=$(find "$scratch/out" -type f -exec sha256sum {} +)
divergence --sample 100% || fail "all: $(cat "$scratch/said" "$scratch/err")"
[ "$(cat "$scratch/said")" = "sample divergence: $rows of $rows rows the same, of $rows" ] || fail "all: $(cat "$scratch/said")"
divergence --sample 10 --sample-seed 5 || fail "some: $(cat "$scratch/said" "$scratch/err")"
some=$(((rows + 9) / 10))
[ "$(cat "$scratch/said")" = "sample divergence: $some of $some rows the same, of $rows" ] || fail "some: $(cat "$scratch/said")"
[ "$sums" = "$(find "$scratch/out" -type f -exec sha256sum {} +)" ] || fail "the folder was touched"

# The last digit of one row's score: each seed's draw finds it or does not, and over 30 seeds both happen.
awk -F '\t' -v OFS='\t' '/^affine/ && ++n == 9 { $8 = $8 "1" } { print }' "$scratch/out/divergence.tsv" > "$scratch/new"
mv "$scratch/new" "$scratch/out/divergence.tsv"
divergence --sample 100% && fail "a changed row is not found"
grep -q '^divergence.tsv: row 9, column train_logp: ' "$scratch/said" || fail "a changed row: $(cat "$scratch/said")"
found=0
for ((seed = 0; seed < 30; seed++)); do
    divergence --sample 25% --sample-seed $seed
    status=$?
    grep -q '^divergence.tsv: row 9, ' "$scratch/said" && found=$((found + 1)) && [ $status -ne 1 ] && fail "seed $seed: exit $status"
done
[ $found -ge 1 ] && [ $found -le 20 ] || fail "found $found times of 30, expected about 7"

refused() { # STATUS TEXT OPTION...
    divergence "${@:3}"
    local status=$?
    [ $status -eq "$1" ] && [ "$(wc -l < "$scratch/err")" -eq 1 ] && grep -qF -e "$2" "$scratch/err" ||
        fail "${*:3}: status $status: $(cat "$scratch/err")"
}
for bad in 0 101 -5 5x nan 5%% % 1e1 .; do refused 2 "must be a percentage" --sample "$bad"; done
refused 2 "goes with no" --sample 5% --list
refused 2 "goes with no" --sample 5% --store x.db
refused 1 "made with other settings (steps: 12, now 13)" --sample 5% --steps 13
rm "$scratch/out/divergence.tsv"
refused 1 "No such file" --sample 5%
echo "$failures failures"
[ $failures -eq 0 ]
