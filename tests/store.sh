#!/bin/sh
# store.sh - test_store_damage with ten times as many flipped bits.
set -u
"${BUILD:-build}/tests/test_store_damage" 3000
