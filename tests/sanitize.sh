#!/bin/sh
# sanitize.sh - every quick test again with address and undefined-behaviour sanitizers, by gcc and by clang, and a short
# run of the experiments under valgrind.  A tool that is not here is named and left out.
set -u
build=${BUILD:-build}
make=${MAKE:-make}
failures=0
flags='-fsanitize=address,undefined -fno-sanitize-recover=undefined'

for compiler in gcc clang; do
    if ! echo 'int main(void) { return 0; }' | $compiler $flags -x c -o /dev/null - 2> /dev/null; then
        echo "sanitize: skipped: no $compiler with sanitizers here"
        continue
    fi
    # clang's search for leaks itself crashes now and then beside OpenMP's threads; gcc's and valgrind's do not.
    [ $compiler = gcc ] && leaks=1 || leaks=0
    export ASAN_OPTIONS=detect_leaks=$leaks
    echo "sanitize: $compiler $flags"
    $make -s BUILD="$build/sanitize-$compiler" CC=$compiler CFLAGS="-O1 -g -fno-omit-frame-pointer $flags" \
        LDFLAGS="$flags" check || failures=$((failures + 1))
    # What `check` runs briefly: ten times as long, from another seed.
    for fuzz in "$build/sanitize-$compiler"/tests/fuzz_*[!.]?; do
        if ! "$fuzz" 200000 2; then
            echo "sanitize: $fuzz 200000 2 failed"
            failures=$((failures + 1))
        fi
    done
done

# valgrind knows no AVX-512, so it takes the v3 kernels.
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
if command -v valgrind > /dev/null; then
    rows=$scratch/rows
    awk 'BEGIN { for (i = 0; i < 150; i++) print i * cos(i), i * sin(i) }' > "$rows"
    awk 'BEGIN { for (i = 0; i < 300; i++) print i * cos(i), i * sin(i), cos(2 * i), sin(3 * i) }' > "$rows.4d"
    while read -r program options; do
        # shellcheck disable=SC2086
        if valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
            "$build/$program" $options --no-plot --quiet --store none --out "$scratch" > "$scratch/log" 2>&1; then
            echo "valgrind: clean: $program $options"
        else
            echo "valgrind: $program $options:"
            cat "$scratch/log"
            failures=$((failures + 1))
        fi
    done << END
depth_truth --data $rows --heldout 0.2 --depths 1,2 --seeds 1 --steps 4 --batch 70
depth_truth --data $rows --coupling affine --actnorm data --depths 2 --seeds 1 --steps 4 --batch 70
stability_4d --data $rows --seed 0 --seeds 1 --steps 4 --batch 20
depth_sweep --data $rows.4d --heldout 0.2 --width 64 --depths 1 --seeds 1 --steps 4 --batch 220
roundoff --depths 1 --replicas 2 --steps 4
gradient_norm --depths 2 --data-size 200
conditioner --data $rows --depths 1 --steps 4 --batch 20
residual_inverse --quiet
END
else
    echo "valgrind: skipped: not here"
fi
[ $failures -eq 0 ]
