#!/bin/sh
# figures.sh - every figure from several hundred random tables (test_figures draws the first few of them), each of
# which must come out whole without a complaint of gnuplot's.
set -u
build=${BUILD:-build}
failed=0
for first in 0 110 220 330 440 550; do
    "$build/tests/test_figures" "$first" $((first + 109)) || failed=1
done
exit $failed
