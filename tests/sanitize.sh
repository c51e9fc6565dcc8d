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
    echo "sanitize: $compiler $flags"
    $make -s BUILD="$build/sanitize-$compiler" CC=$compiler CFLAGS="-O1 -g -fno-omit-frame-pointer $flags" \
        LDFLAGS="$flags" check || failures=$((failures + 1))
    for fuzz in "$build/sanitize-$compiler"/tests/fuzz_*[!.]?; do # what `check` runs briefly: ten times as long, newly seeded
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
    while read -r program options; do
        # shellcheck disable=SC2086
        if valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
            "$build/$program" $options --no-plot --quiet --threads 1 --out "$scratch" > "$scratch/log" 2>&1; then
            echo "valgrind: clean: $program $options"
        else
            echo "valgrind: $program $options:"
            cat "$scratch/log"
            failures=$((failures + 1))
        fi
    done << 'END'
depth_sweep --depths 1 --steps 4 --batch 70 --data-size 200
depth_sweep --depths 2 --steps 4 --batch 70 --data-size 200 --coupling affine --actnorm data
gradient_norm --depths 2 --data-size 200
residual_inverse
END
else
    echo "valgrind: skipped: not here"
fi
[ $failures -eq 0 ]
