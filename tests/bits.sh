#!/bin/sh
# bits.sh - the same bytes in every table, whatever the compiler, the optimisation level, the kernels and the threads.
#
# Each line of `runs` is an experiment made short (what matters is bits, not length); one that has no line is made short
# by those of --depths, --seeds and --steps that it takes.  It is run by every build, with every kernel set that this
# CPU has, on one thread and on two, and its tables are compared byte for byte with those of the first run.
# BUILD is the folder to work in (build), MAKE the make to build with.
set -u
build=${BUILD:-build}/bits
make=${MAKE:-make}
sleef=3.5.1 # the version that the committed tables were made with: another one may round differently

runs() {
    cat << 'END'
spline      depth_sweep      --depths 1 --replicas 2 --steps 40
plane       density          --depths 1 --steps 5
deeper      depth_truth      --depths 3,5 --seeds 2 --steps 40
affine      depth_truth      --coupling affine --actnorm data --depths 2 --seeds 2 --steps 40
odd_shapes  depth_truth      --width 13 --hidden 3 --bins 5 --batch 65 --data-size 130 --depths 2 --seeds 1 --steps 10
no_hidden   depth_truth      --hidden 0 --actnorm default --clip none --depths 1 --seeds 1 --steps 10
gradients   gradient_norm    --depths 1,4
residual    residual_inverse --quiet
growth      gradient_depth   --depths 1,3 --seeds 3
leash       clipping         --depths 2 --seeds 1 --steps 10
actnorm     actnorm          --depths 1,2 --seeds 1 --steps 10
deep        depth20          --depths 3 --seeds 1 --steps 5
roundoff    roundoff         --depths 1 --replicas 2 --steps 20
lines       conditioner      --depths 2 --actnorm data --steps 40
END
}

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

# The experiments without a line in the list above, as such lines.  $1: the folder of their programs
other_runs() {
    for source in $(grep -l '^const struct experiment' experiments/*.c); do
        program=$(basename "$source" .c)
        runs | grep -q " $program " && continue
        takes=$("$1/$program" --help) options=
        for option in '--depths 1' '--seeds 1' '--steps 10'; do
            echo "$takes" | grep -q -e "^  ${option% *} " && options="$options $option"
        done
        echo "$program $program$options"
    done
}
all_runs() { runs; other_runs "$1"; }

# make_tables LIST OUT FOLDER OPTION...: what LIST says, by the programs of FOLDER, with the kernels $isa
isa=
make_tables() {
    list=$1 out=$2 folder=$3
    shift 3
    rm -rf "$out"
    while read -r run program options; do
        mkdir -p "$out/$run"
        # shellcheck disable=SC2086
        FATHOM_ISA=$isa "$folder/$program" $options --no-plot --quiet "$@" --store none --out "$out/$run" \
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
    version=$(FATHOM_ISA=$isa "$1/depth_sweep" --version)
    echo "$version" | grep -qx "SLEEF $sleef (as compiled)" ||
        fail "$1: the committed tables were made with SLEEF $sleef, not $(echo "$version" | grep SLEEF)"
}

first=
builds > "$(mkdir -p "$build" && echo "$build/list")"
while read -r name compiler cflags; do
    if ! $make -s BUILD="$build/$name" CC="$compiler" CFLAGS="$cflags" build > "$build/$name.log" 2>&1; then
        fail "$name: does not build: $(tail -n 1 "$build/$name.log")"
        continue
    fi
    counts="1 2" # the second compilers: on two threads alone
    case $name in gcc-[0-9]* | clang-[0-9]*) counts=2 ;; esac
    for isa in v4 v3 ref; do
        check_version "$build/$name"
        if ! echo "$version" | grep -qx "kernels $isa"; then
            skip "$name $isa: not on this CPU"
            continue
        fi
        for threads in $counts; do
            tables=$build/tables-$name-$isa-$threads
            make_tables all_runs "$tables" "$build/$name" --threads "$threads"
            first=${first:-$tables}
            compare_tables "$name, $isa, $threads thread(s)" "$first" "$tables"
        done
    done
done < "$build/list"

tables=$(find "${first:-$build}" -name '*.tsv' ! -path '*/timings/*' | wc -l)
[ "$tables" -ge 6 ] || fail "only $tables tables were compared"
echo "bits: $tables tables a run, $failures failures"
[ $failures -eq 0 ]
