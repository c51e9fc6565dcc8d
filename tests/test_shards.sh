#!/bin/bash
# test_shards.sh - an experiment made in parts and merged has the tables of one that was made whole.
set -u
unset LD_PRELOAD # its complaints are lines on stderr, which are counted or compared here
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
unset SLURM_ARRAY_TASK_ID
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
said() { grep -qF -e "$1" err || fail "'$(cat err)' does not say '$1'"; }
set_of() { (cd "$1" && sha256sum ./*.tsv ./*.sha256); }

divergence() { "$build/divergence" --depths 4,8 --seeds 2 --steps 12 --no-plot --quiet "$@" 2> err; }
divergence --store none --out whole || fail "whole: $(cat err)"

divergence --list > list || fail "--list: $(cat err)"
[ ! -e results ] || fail "--list made a folder"
[ "$(cut -f 1 list | sort -u | wc -l)" -eq "$(grep -c '^affine' whole/divergence.tsv)" ] || fail "--list: $(wc -l < list) runs"
awk -F '\t' 'NF != 3 || length($1) != 64 || $2 !~ /^[0-9]+$/ || $3 !~ /flow.depth=[48] / { exit 1 }' list ||
    fail "--list: $(head -n 1 list)"
for shard in 1/3 2/3 3/3; do
    divergence --list --shard $shard > "list.${shard%/3}"
    divergence --shard $shard --store "shard${shard%/3}.db" --out none || fail "--shard $shard: $(cat err)"
    [ ! -e none ] || fail "--shard $shard made a folder"
done
cmp -s <(sort list) <(sort list.[123]) || fail "the parts' lists are not the whole list"
# Dealt by cost: no part is a tenth above the mean.
for part in 1 2 3; do awk -F '\t' '{ s += $2 } END { print s }' list.$part; done |
    awk '{ s += $1; most = $1 > most ? $1 : most } END { exit !(most <= 1.1 * s / 3) }' || fail "the parts are uneven"

for order in "1 2 3" "3 1 2 1"; do
    rm -rf merged merged.db*
    # shellcheck disable=SC2046
    divergence --merge $(printf 'shard%s.db ' $order) --store merged.db --out merged || fail "--merge $order: $(cat err)"
    [ "$(set_of merged)" = "$(set_of whole)" ] || fail "--merge $order: other tables"
done
rm -rf merged merged.db*
divergence --merge shard1.db shard3.db --store merged.db --out merged && fail "a part is missing, and no message names it"
said "runs are missing"
said "divergence: missing: $(cut -c 1-16 list.2 | sort | comm -12 - <(sed -n 's/.*missing: \(.\{16\}\) .*/\1/p' err | sort) | head -n 1)"
[ -z "$(find merged -name '*.tsv' 2> /dev/null)" ] || fail "a part is missing, and tables are there"
divergence --merge shard2.db --store merged.db --out merged || fail "the missing part: $(cat err)"
[ "$(set_of merged)" = "$(set_of whole)" ] || fail "the missing part: other tables"
# What a merge names can be made by the program itself.
rm -rf merged merged.db*
divergence --merge shard1.db shard3.db --store merged.db --out merged
divergence --store merged.db --out merged || fail "the rest made here: $(cat err)"
[ "$(set_of merged)" = "$(set_of whole)" ] || fail "the rest made here: other tables"

code=$(grep -aoE '[0-9a-f]{64}' "$build/harness/fingerprint.c")
sed "s/$code/$(echo "$code" | rev)/" shard1.db > other.db
divergence --merge other.db shard2.db shard3.db --store merged2.db --out merged2 && fail "a store of other code was taken"
said "belongs to other code"

refused() { # TEXT OPTION...
    divergence "${@:2}" && fail "${*:2}: exit 0"
    [ "$(wc -l < err)" -eq 1 ] || fail "${*:2}: $(cat err)"
    said "$1"
}
for bad in '' 0/3 4/3 3 1/ /3 -1/3 1/3x 01/3 1/03x '1 /3' 1/0 nan; do
    [ -z "$bad" ] || refused "must be I/N" --shard "$bad" --store x.db
done
refused "needs --store FILE" --shard 1/3
refused "needs --store FILE" --shard 1/3 --store none
refused "needs the names of stores" --merge --store x.db
refused "needs a store to merge into" --merge shard1.db --store none
refused "goes with none of the others" --merge shard1.db --store x.db --shard 1/2
refused "unexpected argument 'shard1.db'" shard1.db --store x.db
refused "No such file" --merge nowhere.db --store x.db
SLURM_ARRAY_TASK_ID=3 "$build/residual_inverse" --quiet --no-plot --out slurm 2> err || fail "in an array: $(cat err)"
said "SLURM_ARRAY_TASK_ID is 3, but there is no --shard"
echo "$failures failures"
[ $failures -eq 0 ]
