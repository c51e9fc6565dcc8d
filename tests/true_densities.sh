#!/bin/sh
# true_densities.sh - test_true_densities with a million draws of each data set.
set -u
build=${BUILD:-build}
"${MAKE:-make}" BUILD="$build" "$build/tests/test_true_densities" > /dev/null && FATHOM_DRAWS=1000000 "$build/tests/test_true_densities"
