#!/bin/sh
# round_trips.sh - a residual block there and back within 1e-12 at every L, over 10^5 points (test_residual_layer tries
# 10^4).
FATHOM_POINTS=100000 exec "${BUILD:-build}/tests/test_residual_layer"
