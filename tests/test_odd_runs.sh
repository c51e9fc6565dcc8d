#!/bin/bash
# test_odd_runs.sh - runs that leave odd tables: diverged, one replica, depths in any order, a density of 0.  Each ends
# with its figures, and without a word on standard error.
#
# What the figures must show is asked of the SVG: that all marks are on the picture, or the words that stand for them.
set -u
build=${BUILD:-build}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0 checks=0
unset LD_PRELOAD # its complaints are passed on
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# draws "FIGURE..." COMMAND...
draws() {
    local figures=$1 figure
    shift
    rm -rf "$scratch/out"
    checks=$((checks + 1))
    "$build/$1" "${@:2}" --quiet --store none --out "$scratch/out" 2> "$scratch/err" < /dev/null || fail "$*: exit status $?"
    sed -i '/^density: warning: depth /d' "$scratch/err" # of its runs, not of its figure
    [ ! -s "$scratch/err" ] || fail "$*: $(head -n 3 "$scratch/err")"
    for figure in $figures; do
        tail -n 3 "$scratch/out/$figure.svg" 2> /dev/null | grep -q '</svg>' || fail "$*: no $figure.svg"
    done
}
says() { grep -qF -e "$2" "$scratch/out/$1.svg" || fail "$1.svg does not say '$2'"; }

draws actnorm actnorm --seed 0 --seeds 1 --steps 4
draws masks masks --coupling affine --depths 8 --width 1 --lr 30 --steps 5 --seed 0 --seeds 1
draws effective_step effective_step --depths 8 --width 1 --lr 30 --steps 5 --seed 0 --seeds 1
draws roundoff roundoff --depths 1 --replicas 2 --steps 4
draws "depth_sweep loss" depth_sweep --coupling affine --hidden 0 --steps 10
draws "depth_sweep loss" depth_sweep --coupling affine --depths 4 --lr 1000 --clip none --steps 4
says depth_sweep "every run failed"
says loss "the only loss before the run diverged"
draws "depth_sweep loss" depth_sweep --coupling affine --depths 4 --lr 1000 --clip none --steps 4 --seeds 2
says depth_sweep "every run failed"
draws density density --interval 1e4 --steps 4 --depths 1
says density "0 in every cell"
draws density density --coupling affine --lr 1000 --clip none --steps 10 --depths 4
says density "every run failed"
draws depth_truth depth_truth --interval 1e4 --steps 4 --seeds 1 --depths 1
says depth_truth "every run failed"
draws depth_truth depth_truth --actnorm data --batch 2 --lr 1000 --depths 1,2 --seeds 1 --steps 4
draws gradient_depth gradient_depth --coupling affine --depths 20,24 --actnorm default
says gradient_depth "no gradient norm is finite"
draws gradient_norm gradient_norm --depths 20,30 --actnorm default

# Each published score of the data set stands beside ours, as reference/ has it.
draws "" published --data moons --seed 0 --data-size 300 --width 8 --depths 1 --steps 4
names() { awk -F'\t' -v OFS='\t' -v names="$2" '/^#/ { next }
    !head { for (i = 1; i <= NF; i++) at[$i] = i; n = split(names, name, " "); head = 1; next }
    $at["data"] == "moons" { for (i = 1; i <= n; i++) printf "%s%s", $at[name[i]], i < n ? OFS : ORS }' "$1"; }
wanted=$(names reference/published.tsv "data unit name blocks read")
found=$(names "$scratch/out/published.tsv" "data unit their_flow their_blocks read")
[ "$found" = "${wanted:?}" ] || fail "published: $found instead of $wanted"

# Any order of the depths gives the same picture, of the same axis.
draws "depth_sweep loss" depth_sweep --depths 1,2,4,8 --steps 4
cp "$scratch/out/depth_sweep.svg" "$scratch/out/loss.svg" "$scratch"
for depths in 8,4,2,1 1,8,4,2; do
    draws "depth_sweep loss" depth_sweep --depths $depths --steps 4
    cmp "$scratch/depth_sweep.svg" "$scratch/out/depth_sweep.svg" || fail "depth_sweep --depths $depths: another line"
    cmp "$scratch/loss.svg" "$scratch/out/loss.svg" || fail "depth_sweep --depths $depths: other losses"
done
draws depth_sweep depth_sweep --depths 2,1 --steps 4

# What others write to gnuplot's standard error is passed on, and does no harm; nor does an ignored SIGCHLD.
for setting in LD_PRELOAD=/nonexistent.so FONTCONFIG_FILE=/nonexistent; do
    rm -rf "$scratch/out"
    checks=$((checks + 1))
    env $setting "$build/gradient_norm" --quiet --format svg,png,pdf --store none --out "$scratch/out" 2> "$scratch/err" ||
        fail "$setting: exit status $?: $(tail -n 1 "$scratch/err")"
    for format in svg png pdf; do [ -s "$scratch/out/gradient_norm.$format" ] || fail "$setting: no $format"; done
    case $setting in LD_PRELOAD*) wanted='warning: gnuplot: gradient_norm.png: ERROR: ld.so' ;; *) wanted= ;; esac
    grep -q "$wanted" "$scratch/err" || fail "$setting: '$wanted' was not passed on"
done
env --ignore-signal=CHLD "$build/gradient_norm" --quiet --store none --out "$scratch/out" || fail "SIGCHLD ignored: exit status $?"

echo "$checks checks, $failures failures"
[ $failures -eq 0 ]
