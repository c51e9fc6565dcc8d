#!/bin/sh
# add_kernels.sh - a transformer and a layer of one's own: each one file and one line in lib/kernels/list.h.
#
# In a copy of the tree the two examples become kernels.  Then `--coupling` knows the transformer, a flow trains with it,
# every set of kernels gives the same bytes, and test_bijections checks both: it passes as they are, and names the one
# whose formula is then spoiled.
set -u
make=${MAKE:-make}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "add_kernels: $*"; failures=$((failures + 1)); }

cp -r Makefile lib harness experiments report examples tests bench plots reference "$scratch" || exit 1
cd "$scratch" || exit 1
cp examples/transformer_sinh_arcsinh.c examples/layer_sinh_arcsinh.c lib/kernels || exit 1
sed -i 's/^TRANSFORMER(affine)$/&\nTRANSFORMER(sinh_arcsinh)/; s/^LAYER(flip)$/&\nLAYER(sinh_arcsinh)/' lib/kernels/list.h

build() {
    "$make" -s BUILD=built CFLAGS=-O2 built/depth_sweep built/conditioner built/tests/test_bijections > log 2>&1 ||
        { cat log; fail "does not build"; exit 1; }
}
build

built/depth_sweep --help | grep -q '^  --coupling .*spline, affine, sinh_arcsinh' || fail "--help does not list it"
for isa in ref neon v3 v4; do
    FATHOM_ISA=$isa built/depth_sweep --version | grep -qx "kernels $isa" || continue
    mkdir -p "out-$isa"
    FATHOM_ISA=$isa built/depth_sweep --coupling sinh_arcsinh --steps 4 --depths 1,2 --no-plot --quiet \
        --store none --out "out-$isa" || fail "$isa: does not train"
    cmp "out-$isa/depth_sweep.tsv" out-ref/depth_sweep.tsv || fail "$isa: other bytes than ref"
    last=out-$isa/depth_sweep.tsv
done
[ "$(grep -c '^sinh_arcsinh' "${last:-/dev/null}")" -eq 2 ] || fail "not two runs of sinh_arcsinh in the table"
# After four steps it may still be worse than a Gaussian ("ruined").
awk -F '\t' '$1 == "sinh_arcsinh" && $6 == "diverged" { exit 1 }' "${last:-/dev/null}" || fail "a run diverged"

built/conditioner --coupling sinh_arcsinh --steps 4 --no-plot --quiet --out lines || fail "no lines of its conditioner"
[ "$(grep -o '^output_[0-9]*' lines/conditioner.tsv | sort -u | tr '\n' ' ')" = 'output_0 output_1 ' ] ||
    fail "the lines are not those of its two outputs"

built/tests/test_bijections > log 2>&1 || { cat log; fail "test_bijections fails"; }
for kind in layer transformer; do
    file=lib/kernels/${kind}_sinh_arcsinh.c
    sed -i.kept 's|\(volume->log.i. += log_cosh(u).*\) / 2;|\1 / 3;|' "$file"
    cmp -s "$file" "$file.kept" && fail "nothing spoiled in $file"
    build
    if built/tests/test_bijections > log 2>&1; then fail "test_bijections does not see the spoiled $kind"; fi
    case $kind in
        layer) grep -q 'sinh_arcsinh , D = ' log ;;
        *) grep -q 'coupling sinh_arcsinh, D = ' log ;;
    esac || fail "test_bijections does not name the spoiled $kind"
    mv "$file.kept" "$file"
done
echo "add_kernels: $failures failures"
[ $failures -eq 0 ]
