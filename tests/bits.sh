#!/bin/sh
# bits.sh - the same bytes in every table, whatever the compiler, the optimisation level, the kernels, the threads and
# the architecture.
#
# Tables are compared byte for byte with those of the first run.  There are two lists of runs.
#   runs  every experiment, but two that other_runs names.  Each is made short (what matters is bits, not length); one
#         that has no line is made short by those of --depths, --seeds and --steps that it takes.  By each compiler at
#         -O3, with every kernel set that this CPU has.
#   few   every layer and every transformer, on few rows.  By each other build (-O1, link-time optimisation) with the best
#         of these sets and with ref, and by a build for aarch64, emulated by qemu.
# ref runs on one thread and the others on two; the first build runs its best set on one as well.  Where fma is a call the
# plain kernels of ref need up to 50 times as long as the best ones, and at -O1 longer still: they decide what this test
# takes.  So experiments of many flows get few rows, which $rows and $rows4 hold.
# The programs of BUILD itself, as `make` left them, are one of these builds where its compiler and its optimisation are
# the same.
# BUILD is the folder to work in (build), MAKE the make to build with.
set -u
here=${BUILD:-build} # built already
build=$here/bits
root=$here/arm64-root # what .ci/arm64 makes
make=${MAKE:-make}
rows=$build/rows rows4=$build/rows4 # of two columns and of four
sleef=3.5.1 # the version that the committed tables were made with: another one may round differently

runs() {
    own="--heldout 0.2 --validation 0.2 --batch 32"
    cat << END
spline      depth_sweep      --depths 1 --replicas 2 --steps 40
plane       density          --depths 1 --steps 5
deeper      depth_truth      --depths 3,5 --seeds 2 --steps 10
affine      depth_truth      --coupling affine --actnorm data --depths 2 --seeds 2 --steps 40
clamped     depth_sweep      --coupling affine-bayesflow --depths 2 --steps 40
mixture     depth_sweep      --coupling mixture --components 5 --depths 2 --steps 10
clipped     depth_sweep      --coupling mixture-clipped --depths 1 --steps 10
warm        warm_start       --data $rows4 $own --seed 0 --seeds 1 --steps 4
guards      guards           --data $rows $own --seed 0 --seeds 1 --steps 4
moons       depth_truth      --data moons --depths 1 --seeds 1 --steps 10
board       depth_truth      --data checkerboard --depths 1 --seeds 1 --steps 10
gaussians   depth_truth      --data gaussians --depths 1 --seeds 1 --steps 10
circles     depth_truth      --data circles --depths 1 --seeds 1 --steps 10
pinwheel    depth_truth      --data pinwheel --depths 1 --seeds 1 --steps 10
odd_shapes  depth_truth      --width 13 --hidden 3 --bins 5 --batch 65 --data-size 130 --depths 2 --seeds 1 --steps 10
no_hidden   depth_truth      --hidden 0 --actnorm default --clip none --depths 1 --seeds 1 --steps 10
gradients   gradient_norm    --depths 1,4
spirals_4d  gradient_norm    --data two_spirals_4d --depths 1
wide        depth_sweep      --data two_spirals_4d --width 64 --depths 1 --steps 10
residual    residual_inverse --quiet
growth      gradient_depth   --depths 1,3 --seeds 3
stability   stability        --data $rows $own --seed 0 --seeds 1 --steps 4
four        stability_4d     --data $rows4 $own --seed 0 --seeds 1 --steps 10
actnorm     actnorm          --data $rows $own --seed 0 --seeds 1 --steps 10
tuned       depth_tuned      --data $rows $own --depths 1 --seeds 1 --steps 10
deep        divergence       --depths 3 --seeds 1 --steps 5
roundoff    roundoff         --depths 1 --replicas 2 --steps 20
certified   residual_flow    --data $rows $own --seed 0 --seeds 1 --steps 4
estimates   published        --data moons --seed 0 --data-size 300 --width 4 --depths 1 --steps 10 --log-det roulette
lines       conditioner      --depths 2 --actnorm data --steps 40
END
}
few() {
    small="--data-size 300 --batch 64 --steps 12"
    for coupling in $couplings; do
        echo "$coupling depth_sweep --coupling $coupling --components 3 --depths 1 $small"
    done
    cat << END
spline      depth_sweep      --depths 1,2 $small
affine      depth_sweep      --coupling affine --depths 1,2 $small
rotated     depth_sweep      --coupling mixture --components 3 --start warm --rotation frozen --depths 1 $small
freed       depth_sweep      --rotation free --depths 1 $small
odd_shapes  depth_sweep      --width 13 --hidden 3 --bins 5 --batch 65 --data-size 130 --depths 2 --steps 10
gradients   gradient_norm    --depths 1,2 --data-size 300
inverse     residual_inverse --quiet
growth      gradient_depth   --depths 1,3 --seeds 2 --data-size 300
roundoff    roundoff         --depths 1 --replicas 2 $small
four        gradient_norm    --data two_spirals_4d --depths 1 --data-size 300
wide        gradient_norm    --data two_spirals_4d --width 64 --depths 1 --data-size 300
residual    published        --data moons --seed 0 --data-size 300 --batch 32 --width 4 --hidden 2 --depths 1 --steps 4 --log-det roulette
lines       conditioner      --depths 2 --actnorm data $small
END
}
# The couplings beside spline and affine
couplings=$(sed -n 's/^TRANSFORMER(\(.*\))$/\1/p' lib/kernels/list.h | tr _ - | grep -vx -e spline -e affine)

failures=0
fail() { echo "bits: $*"; failures=$((failures + 1)); }
skip() { echo "bits: skipped: $*" >&2; }

# newest COMPILER: the one of the highest number that is here beside COMPILER itself, such as gcc-14
newest() {
    version=$($1 -dumpversion 2> /dev/null)
    echo "$PATH" | tr ':' '\n' | while read -r folder; do ls "$folder" 2> /dev/null; done |
        grep -xE "$1-[0-9]+" | grep -vx "$1-${version%%.*}" | sort -t - -k 2 -n | tail -n 1
}
# with_openmp COMPILER: clang's OpenMP is a package of its own
with_openmp() {
    printf '%s\n' '#include <omp.h>' 'int main(void) { return omp_get_max_threads() < 1; }' |
        "$1" -fopenmp -x c - -o "$build/openmp" 2> /dev/null
}

# builds: NAME COMPILER CFLAGS
builds() {
    for compiler in gcc clang; do
        if command -v $compiler > /dev/null; then
            echo "$compiler $compiler -O3"
            echo "$compiler-O1 $compiler -O1"
            # link-time optimisation and what distributions harden with
            [ $compiler = clang ] || echo "gcc-hard gcc -O2 -flto -D_FORTIFY_SOURCE=3 -fstack-protector-strong"
        else
            skip "no $compiler here"
        fi
        other=$(newest $compiler)
        if [ -z "$other" ]; then
            skip "no second $compiler here"
        elif with_openmp "$other"; then
            echo "$other $other -O3"
        else
            skip "$other: no OpenMP for it here"
        fi
    done
}

programs=$(grep -l '^const struct experiment' experiments/*.c | sed 's,.*/,,; s,\.c$,,')
# The experiments without a line in the list above, as such lines.  $1: the folder of their programs
other_runs() {
    for program in $programs; do
        runs | grep -q " $program " && continue
        # Their couplings and estimates are in `clipped` and `estimates`; their own sums take minutes where fma is slow.
        case $program in sibling_moons | log_det_estimators) continue ;; esac
        takes=$("$1/$program" --help) options=
        for option in '--depths 1' '--seeds 1' '--steps 10'; do
            echo "$takes" | grep -q -e "^  ${option% *} " && options="$options $option"
        done
        echo "$program $program$options"
    done
}
all_runs() { runs; other_runs "$1"; }

programs_of() { # LIST
    if [ "$1" = few ]; then few | awk '!had[$2]++ { print $2 }'; else echo "$programs"; fi
}
# is_here COMPILER CFLAGS: BUILD holds programs of that compiler and optimisation
is_here() {
    [ -x "$here/compare" ] && grep -q "^$1 .* -Iharness *$2\( -g\)\? -fno-fast-math -ffp-contract=off *\$" "$here/flags"
}
few_here() { # what the builds of `few` are compared with
    isa=$best
    make_tables few "$build/few-native" "$native" --threads 2
}

# make_tables LIST OUT FOLDER OPTION...: what LIST says, by the programs of FOLDER, run by $on with the kernels $isa
on='' isa=
make_tables() {
    list=$1 out=$2 folder=$3
    shift 3
    rm -rf "$out"
    while read -r run program options; do
        mkdir -p "$out/$run"
        # shellcheck disable=SC2086
        FATHOM_ISA=$isa $on "$folder/$program" $options --no-plot --quiet "$@" --store none --out "$out/$run" \
            > "$out/$run.log" 2>&1 < /dev/null ||
            fail "$out: $program $options: $(tail -n 1 "$out/$run.log")"
    done << END
$($list "$folder")
END
}
compare_tables() { # NAME OUT OUT
    if differ=$(diff -rq --exclude='*.log' --exclude=timings "$2" "$3"); then
        echo "bits: same: $1"
    else
        fail "$1: $differ"
    fi
}
# check_version FOLDER: its programs use the SLEEF that the committed tables were made with
check_version() {
    version=$(FATHOM_ISA=$isa $on "$1/depth_sweep" --version)
    echo "$version" | grep -qx "SLEEF $sleef (as compiled)" ||
        fail "$1: the committed tables were made with SLEEF $sleef, not $(echo "$version" | grep SLEEF)"
}

mkdir -p "$build" || exit 1
grep -v '^#' results/spiral.tsv | sed -n 2,151p > "$rows"
grep -v '^#' results/spiral.tsv | sed -n 152,301p | paste "$rows" - > "$rows4"

rm -rf "$build/few-native"
first='' native='' best=
builds > "$build/list"
while read -r name compiler cflags; do
    from=$build/$name which=all_runs sets="v4 v3 ref" reference=$first
    if [ "$cflags" != -O3 ]; then
        which=few sets="$(echo "$best" | sed '/^ref$/d') ref" reference=$build/few-native
        [ -e "$reference" ] || few_here
    fi
    # shellcheck disable=SC2046
    if is_here "$compiler" "$cflags"; then
        from=$here
    elif ! $make -s BUILD="$from" CC="$compiler" CFLAGS="$cflags" $(programs_of $which | sed "s,^,$from/,") \
        > "$from.log" 2>&1; then
        fail "$name: does not build: $(tail -n 1 "$from.log")"
        continue
    fi
    for isa in $sets; do
        check_version "$from"
        if ! echo "$version" | grep -qx "kernels $isa"; then
            skip "$name $isa: not on this CPU"
            continue
        fi
        counts=2
        [ $isa != ref ] || counts=1
        [ -n "$first" ] || counts="1 2"
        for threads in $counts; do
            tables=$build/tables-$name-$isa-$threads
            make_tables $which "$tables" "$from" --threads "$threads"
            first=${first:-$tables} native=${native:-$from} best=${best:-$isa} reference=${reference:-$tables}
            compare_tables "$name, $isa, $threads thread(s)" "$reference" "$tables"
        done
    done
done < "$build/list"

# aarch64: `few` by programs for aarch64, with the kernels neon, and by those of this machine; a store of runs made there
# with ref, alone and merged with one made here.  Where two stores have a run in common, merging compares it.
aarch64() {
    there=$build/aarch64
    # shellcheck disable=SC2046
    if ! $make -s BUILD="$there" CC=aarch64-linux-gnu-gcc ARCH=aarch64 CFLAGS=-O3 CPPFLAGS="--sysroot=$root" \
        LDFLAGS="--sysroot=$root" $(programs_of few | sed "s,^,$there/,") > "$there.log" 2>&1; then
        fail "aarch64: does not build: $(tail -n 1 "$there.log")"
        return
    fi
    rm -rf "$build"/store-*
    on="$qemu -L $root" isa=neon
    check_version "$there"
    make_tables few "$build/few-aarch64" "$there" --threads 2
    on="env FATHOM_ISA=ref $on"
    sweep "$there" there
    on='' isa=$best
    [ -e "$build/few-native" ] || few_here
    sweep "$native" here
    compare_tables "aarch64, neon, emulated, 2 threads" "$build/few-native" "$build/few-aarch64"

    sweep "$native" alone --merge "$build/store-there.db"
    sweep "$native" both --merge "$build/store-here.db" "$build/store-there.db"
    compare_tables "a store of aarch64, ref, merged alone" "$build/few-native/spline" "$build/store-alone"
    compare_tables "a store of aarch64, merged with one from here" "$build/few-native/spline" "$build/store-both"
}
sweep() { # FOLDER NAME OPTION...: the first run of `few` with the store store-NAME.db
    folder=$1 name=$2
    shift 2
    # shellcheck disable=SC2046
    $on "$folder/depth_sweep" $(few | sed -n 's/^spline *depth_sweep *//p') --no-plot --quiet "$@" \
        --store "$build/store-$name.db" --out "$build/store-$name" > "$build/store-$name.log" 2>&1 ||
        fail "store-$name: $(tail -n 1 "$build/store-$name.log")"
}
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)
if [ "$(uname -m)" = aarch64 ]; then
    skip "aarch64 emulated: this machine is one"
elif ! command -v aarch64-linux-gnu-gcc > /dev/null; then
    skip "aarch64: no aarch64-linux-gnu-gcc here (package gcc-aarch64-linux-gnu)"
elif [ -z "$qemu" ]; then
    skip "aarch64: no qemu-aarch64 here (package qemu-user)"
elif [ ! -d "$root" ]; then
    skip "aarch64: no $root here (.ci/arm64 $root makes it)"
elif [ -n "$native" ]; then
    aarch64
fi

tables=$(find "${first:-$build}" -name '*.tsv' ! -path '*/timings/*' | wc -l)
[ "$tables" -ge 6 ] || fail "only $tables tables were compared"
echo "bits: $tables tables per run, $failures failures"
[ $failures -eq 0 ]
