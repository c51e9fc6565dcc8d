#!/bin/sh
# test_symbols.sh - what the library takes from others, read off its object files.
#
# Of libm only fma and sqrt, whose results IEEE 754 fixes: the same glibc gives different last bits of exp, log or sin
# with and without FMA hardware.  And it prints nothing, opens no file, reads no environment, ends no process, and keeps
# no state: no object has a variable that a call could change.
set -u
build=${BUILD:-build}
if grep -q -e -fsanitize "$build/flags"; then
    echo "sanitizers add symbols of their own"
    exit 77
fi
objects=$(find "$build/lib" -name '*.o')
[ -n "$objects" ] || { echo "no objects in $build/lib"; exit 1; }
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }

compiler=$(cut -d ' ' -f 1 "$build/flags")
libm=$($compiler -print-file-name=libm.so.6)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
nm -D --defined-only "$libm" | sed 's/.* //; s/@.*//' | sort -u > "$scratch/libm"
grep -qx exp "$scratch/libm" || fail "$libm: no exp in it, so this test would find nothing"

forbidden='^_*(v?f?printf(_chk)?|f?puts|f?putc|putchar|fwrite|perror|stdout|stderr|stdin|(f|fre)?open(64)?'
forbidden="$forbidden|creat(64)?|write|tmpfile|(secure_)?getenv|setlocale|exit|abort|assert_fail|raise|s?rand|random"
forbidden="$forbidden|drand48|time|clock|clock_gettime)\$"
for object in $objects; do
    nm -u "$object" | sed 's/^ *U //; s/@.*//' | sort -u > "$scratch/used"
    for name in $(comm -12 "$scratch/used" "$scratch/libm" | grep -vxE 'fma|sqrt'); do
        fail "$object: $name of libm; only fma and sqrt have the same bits everywhere"
    done
    for name in $(grep -E "$forbidden" "$scratch/used"); do
        fail "$object: $name; the library prints nothing, opens no file, reads no environment and ends no process"
    done
    size -A "$object" | awk '($1 ~ /^\.t?(data|bss)$/ || $1 == "COMMON") && $2 > 0 { print $1, $2 }' > "$scratch/state"
    [ ! -s "$scratch/state" ] || fail "$object: variables that can change: $(cat "$scratch/state") bytes"
done
echo "$(echo "$objects" | wc -l) objects looked at"
[ $failures -eq 0 ]
