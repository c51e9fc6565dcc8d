#!/bin/sh
# store.sh - the faults of test_store_faults with as many flipped bits as take a minute.
set -u
"${BUILD:-build}/tests/test_store_faults" 3000
