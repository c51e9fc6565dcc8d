#!/bin/sh
# add_claim.sh - a claim of one's own: docs/adding.md, word for word.
#
# In a copy of the tree each block of the page goes where the line before it says.  Then the program compiles without a
# warning and runs, its figure is drawn from its tables and from random ones, and the report has the claim with a
# verdict, in the list and in its section.  `make all SEEDS=N` gives it N seeds.
set -u
make=${MAKE:-make}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "add_claim: $*"; failures=$((failures + 1)); }

cp -r Makefile lib harness experiments report examples tests bench plots reference results docs "$scratch" || exit 1
cd "$scratch" || exit 1
awk '/^`[^`]*`:$/ || /^Add to `[^`]*`:$/ { split($0, part, "`"); file = part[2]; append = /^Add/; next }
     /^```/ && open   { close(file); file = ""; open = 0; next }
     /^```/ && file   { open = 1; if (append) { print "" >> file } else { printf "" > file }; next }
     open             { if (append) { print >> file } else { print > file } }' docs/adding.md
for file in experiments/peak_rate.c plots/peak_rate.gp report/peak_rate.c; do
    [ -s "$file" ] || fail "the page has no $file"
done

"$make" -s BUILD=built CFLAGS=-O2 built/peak_rate built/report built/tests/test_figures > log 2>&1 ||
    { cat log; fail "does not build"; exit 1; }
grep -A 3 'peak_rate.c:.*warning' log && fail "a warning"
"$make" -n BUILD=built SEEDS=3 all | grep -q 'built/peak_rate .*--seeds 3' || fail "SEEDS=3 does not give it 3 seeds"
built/peak_rate --out results --quiet || fail "does not run"
[ "$(grep -c '^4' results/peak_rate.tsv)" -eq 16 ] || fail "not 16 runs"
[ "$(grep -c '^4' results/peak_rate_summary.tsv)" -eq 2 ] || fail "not two groups"
[ -s results/peak_rate.svg ] || fail "no figure"
mkdir random
KEEP=random built/tests/test_figures > log 2>&1 || { cat log; fail "test_figures fails"; }
[ -s random/peak_rate.svg ] || fail "test_figures does not draw it"
built/report results > REPORT.md || fail "no report"
grep -q '^| \[Twice the peak rate fits better\](#peak_rate.faster) | [^|]* nats held-out | \*\*supported\*\*' REPORT.md || fail "not in the list"
grep -q '^\*\*Claim: twice the peak rate fits better' REPORT.md || fail "no section"
echo "add_claim: $failures failures"
[ $failures -eq 0 ]
