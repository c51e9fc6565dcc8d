#!/bin/sh
# cpus.sh - the choice of kernels on CPUs that lack one feature, emulated by qemu, and the same bits on all of them.
#
# A set of kernels is chosen only where the CPU has every feature of its level of x86-64, since a compiler may use any
# of them; fused multiply-add, or registers that the system does not save, end every program with one clear line.
# The C library's own choice of functions is not tested: it is set to use none of these features.
set -u
build=${BUILD:-build}
if ! command -v qemu-x86_64 > /dev/null; then
    echo "no qemu-x86_64 (package qemu-user) here"
    exit 77
fi
case $(uname -m) in x86_64 | amd64) ;; *) echo "not an x86-64"; exit 77 ;; esac
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "cpus: $*"; failures=$((failures + 1)); }
best=v3
grep -q HAS_V3 "$build/sets.h" || best=ref

short="--depths 1 --data-size 64 --threads 1 --no-plot --quiet"
# shellcheck disable=SC2086
"$build/gradient_norm" $short --store none --out "$scratch/here" || fail "does not run on this CPU"

on() { # CPU OPTION...: gradient_norm on that CPU
    cpu=$1
    shift
    GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-BMI2 qemu-x86_64 -cpu "$cpu" "$build/gradient_norm" "$@" \
        > "$scratch/out" 2> "$scratch/err"
}
while read -r cpu kernels; do
    on "$cpu" --version
    if [ "$kernels" = none ]; then
        # shellcheck disable=SC2086
        on "$cpu" $short --store none --out "$scratch/none"
        status=$?
        { [ $status -eq 2 ] && grep -q 'has no fused multiply-add' "$scratch/err"; } ||
            fail "$cpu: status $status, not 2 and a line about FMA: $(tail -n 1 "$scratch/err")"
        continue
    fi
    grep -qx "kernels $kernels" "$scratch/out" || fail "$cpu: not $kernels but $(grep kernels "$scratch/out")"
    rm -rf "$scratch/there"
    # shellcheck disable=SC2086
    on "$cpu" $short --store none --out "$scratch/there" || fail "$cpu: does not run: $(tail -n 1 "$scratch/err")"
    diff -rq -x timings "$scratch/here" "$scratch/there" || fail "$cpu: other bits"
done << END
Haswell $best
Haswell,-bmi1 ref
Haswell,-bmi2 ref
Haswell,-avx2 ref
Haswell,-movbe ref
Haswell,-abm ref
Haswell,-f16c ref
Haswell,-fma none
Haswell,-xsave none
Nehalem none
END
echo "cpus: $failures failures"
[ $failures -eq 0 ]
