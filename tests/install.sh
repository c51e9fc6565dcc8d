#!/bin/sh
# install.sh - `make install` into an empty folder, then what a stranger does with it: compile against the header, link
# with the shared and with the static library through pkg-config, and run the installed programs from elsewhere.  The
# folders' names hold what a shell, make or sed might take for its own.
set -eu
build=${BUILD:-build}
make=${MAKE:-make}
compiler=$(cut -d ' ' -f 1 "$build/flags")
scratch=$(mktemp -d)
root="$scratch/it's a stage"
prefix_name='/opt/a & b|c'
mkdir "$root"
step() { what="$*"; echo "install: $what"; }
trap 'status=$?; rm -rf "$scratch"; [ $status -eq 0 ] || echo "install: failed at: $what"' EXIT

step "make install"
$make -s BUILD="$build" DESTDIR="$root" PREFIX="$prefix_name" install > "$root/log" ||
    { cat "$root/log"; exit 1; }
prefix=$root$prefix_name
[ "$(ls "$scratch")" = "it's a stage" ] || { echo "installed into $(ls "$scratch")"; exit 1; }

step "what the shared library shows is what the installed headers declare"
sed '/^typedef int /d' "$prefix"/include/*.h | tr -d '\n' | grep -oE '(fathom_[a-z0-9_]+ *\(|\*fathom_[a-z0-9_]+;)' | tr -d ' (*;' | sort -u \
    > "$root/declared"
nm -D --defined-only "$prefix/lib/libfathom.so" | sed 's/.* //; s/@.*//' | sort -u > "$root/shown"
diff "$root/declared" "$root/shown"

cat > "$root/use.c" << 'END'
#include <fathom.h>
#include <math.h>
int main(void)
{
    double y, x = 0.5;
    fathom_residual_forward(&y, &x, 0.3, 1.0, 1);
    return !(fathom_isa_find(NULL) && fabs(y - (0.5 + 0.3 * sin(0.5))) < 1e-15);
}
END
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
if command -v pkg-config > /dev/null; then
    cflags=$(pkg-config --cflags fathom)
    libs=$(pkg-config --libs fathom)
else
    echo "install: no pkg-config here: flags by hand"
    grep -qxF "libdir=$prefix_name/lib" "$prefix/lib/pkgconfig/fathom.pc"
    cflags='-I"$prefix/include"' libs='-L"$prefix/lib" -lfathom -lgsl -lgslcblas -lm'
fi
# shellcheck disable=SC2086
{
    step "link with the shared library"
    eval "$compiler -Wall -Werror" '"$root/use.c" -o "$root/shared"' "$cflags $libs -lm"
    LD_LIBRARY_PATH=$prefix/lib "$root/shared"
    step "link with the static library"
    eval "$compiler -Wall -Werror" '"$root/use.c" -o "$root/static"' "$cflags" '"$prefix/lib/libfathom.a"' \
        -lsleef -lgsl -lgslcblas -lm
    "$root/static"
    step "the example against the installed library, as against the one in $build"
    $make -s BUILD="$build" examples > "$root/log" || { cat "$root/log"; exit 1; }
    eval "$compiler -Wall -Werror" 'examples/density_of_rows.c -o "$root/example"' "$cflags $libs -lm"
    LD_LIBRARY_PATH=$prefix/lib "$root/example" results/spiral.tsv > "$root/installed"
    "$build/examples/density_of_rows" results/spiral.tsv > "$root/built"
    [ "$(wc -l < "$root/built")" -eq 12 ]
    cmp "$root/built" "$root/installed"
    if command -v g++ > /dev/null; then
        step "the header in C++"
        echo '#include <fathom.h>' | eval "g++ -Wall -Wextra -Werror -fsyntax-only $cflags -x c++ -"
    fi
}
step "run the installed report on the committed tables"
"$prefix/bin/report" results > "$root/REPORT.md"
cmp "$root/REPORT.md" REPORT.md
step "run an installed program in another folder"
cd "$root"
"$prefix/bin/residual_inverse" --quiet --store none --out "$root"
test -s residual_inverse.tsv
test -s residual_inverse.svg
