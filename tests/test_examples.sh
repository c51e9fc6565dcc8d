#!/bin/sh
# test_examples.sh - the program of examples/ gives the numbers that build/depth_sweep gives for the same rows, and one
# line for what it does not take.
set -u
unset LD_PRELOAD # its complaints are lines on stderr, which are counted or compared here
example=$BUILD/examples/density_of_rows
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }

"$example" results/spiral.tsv > "$scratch/printed" || fail "does not run"
"$BUILD/depth_sweep" --data results/spiral.tsv --heldout 0.2 --depths 4 --no-plot --quiet --out "$scratch" ||
    fail "depth_sweep does not run"
awk -F '\t' '/^[a-z]/ { for (i = 1; i <= NF; i++) { if (NR > 1 && $1 != "coupling") cell[name[i]] = $i
                                                   else name[i] = $i } }
    END { printf "mean log p of 2400 training rows: %.6f\n", cell["train_logp_raw"]
          printf "mean log p of 600 held-out rows: %.6f\n", cell["heldout_logp_raw"] }' "$scratch/depth_sweep.tsv" \
    > "$scratch/expected"
head -n 2 "$scratch/printed" | diff - "$scratch/expected" || fail "other scores than depth_sweep's"

# Ten draws in the rows' own units, which lie where the rows lie.
awk -F '\t' 'NR > 2 { if (NF != 2 || $1 * $1 + $2 * $2 > 25) exit 1; n++ } END { exit n != 10 }' "$scratch/printed" ||
    fail "no ten draws of two coordinates"

if "$example" "$scratch/none" 2> "$scratch/said"; then fail "reads a file that is not there"; fi
[ "$(wc -l < "$scratch/said")" -eq 1 ] || fail "does not say in one line that a file is not there"
printf '1 2\n3\n' > "$scratch/ragged"
if "$example" "$scratch/ragged" 2> "$scratch/said"; then fail "reads a ragged file"; fi
grep -q 'line 2' "$scratch/said" || fail "does not name the line of a ragged file"
[ $failures -eq 0 ]
