#!/bin/bash
# builds.sh - the tree built as people really build it: by a compiler that does not know x86-64-v4, and in a clone whose
# path has a blank and an apostrophe, with CRLF asked for, hardened, with a library in LD_PRELOAD that is not there.
# Link-time optimisation is bits.sh's: it would optimise the whole library anew in each of a hundred tests.
set -u
build=${BUILD:-build}
make=${MAKE:-make}
case $build in /*) ;; *) build=$PWD/$build ;; esac
compiler=$(command -v "$(cut -d ' ' -f 1 "$build/flags")") || exit 77
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "builds: $*"; failures=$((failures + 1)); }

# ------------------------------------------------------------------------------------------- an older compiler ----
short="--depths 1,2 --steps 4 --no-plot --quiet"
# shellcheck disable=SC2086
"$build/depth_sweep" $short --store none --out "$scratch/here" || fail "depth_sweep does not run"
if grep -q HAS_V3 "$build/sets.h"; then
    for refuses in v4 'v[34]'; do
        old=$scratch/without-${refuses//[^v0-9]/}
        mkdir "$old"
        # shellcheck disable=SC2016
        printf '%s\n' '#!/bin/sh' "for word; do case \$word in -march=x86-64-$refuses)" \
            'echo "error: bad value ($word) for -march" >&2; exit 1 ;; esac; done' \
            "exec '$compiler' \"\$@\"" > "$old/cc"
        chmod +x "$old/cc"
        $make -s BUILD="$old/build" CC="$old/cc" CFLAGS=-O1 "$old/build/depth_sweep" "$old/build/libfathom.so" \
            > "$old/log" 2>&1 || fail "does not build without x86-64-$refuses: $(tail -n 3 "$old/log")"
        grep -q 'does not know -march=x86-64-v4: built without the kernels v4' "$old/log" || fail "nothing is said about x86-64-v4"
        if FATHOM_ISA=v4 "$old/build/depth_sweep" --store none --out "$old/none" 2> "$old/err"; then
            fail "kernels v4 run, although they were not built"
        fi
        grep -q "FATHOM_ISA 'v4': must be" "$old/err" || fail "FATHOM_ISA=v4: $(cat "$old/err")"
        # shellcheck disable=SC2086
        "$old/build/depth_sweep" $short --store none --out "$old/out" || fail "without x86-64-$refuses: does not run"
        diff -r -x timings "$scratch/here" "$old/out" || fail "without x86-64-$refuses: other bits"
    done
    "$scratch/without-v34/build/depth_sweep" --version | grep -qx 'kernels ref' || fail "without v3: not ref"
fi

# --------------------------------------------------------------------------------------------- jobs and folders ----
# A makefile that shows how many jobs this one asks for.
printf 'include Makefile\nshow: ; @echo "$(MAKEFLAGS)"\n.PHONY: show\n' > "$scratch/show.mk"
jobs() { env -u MAKELEVEL -u MAKEFLAGS "$@" make -s -f "$scratch/show.mk" show BUILD="$scratch/jobs"; }
jobs MAKEFLAGS=-j1 | grep -q -e '-j1\b' || fail "MAKEFLAGS=-j1 is not obeyed: $(jobs MAKEFLAGS=-j1)"
cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
jobs OMP_NUM_THREADS=64 | grep -q -e "-j$cores\b" || fail "OMP_NUM_THREADS=64: $(jobs OMP_NUM_THREADS=64)"
for folder in 'a b' "it's" 'a&b' 'a|b'; do
    if make -s BUILD="$folder" help > "$scratch/out" 2> "$scratch/err" ||
       [ "$(grep -vc '^ERROR: ld' "$scratch/err")" -ne 1 ]; then
        fail "BUILD='$folder' is not refused in one line"
    fi
done

# ------------------------------------------------------------------------------------------- a clone, all at once ----
clone="$scratch/it's a copy (1) & more"
if git -c core.autocrlf=true clone -q . "$clone" 2> "$scratch/log"; then
    git -C "$clone" config core.autocrlf true
    (cd "$clone/results" && sha256sum -c --quiet SHA256SUMS) || fail "checksums of a clone with autocrlf"
    (cd "$clone" && LD_PRELOAD=/nonexistent.so $make CC="$compiler" \
        CFLAGS='-O2 -D_FORTIFY_SOURCE=3 -fstack-protector-strong' check > "$scratch/log" 2>&1) ||
        { fail "make check in '$clone':"; grep -v -e '^ERROR: ld' -e '^  [cl]' "$scratch/log" | tail -n 60; }
    [ -z "$(git -C "$clone" status --porcelain)" ] || fail "the clone is changed: $(git -C "$clone" status --porcelain)"
else
    echo "builds: skipped: git does not clone this tree: $(tail -n 1 "$scratch/log")"
fi
echo "builds: $failures failures"
[ $failures -eq 0 ]
