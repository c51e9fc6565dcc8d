#!/bin/sh
# test_deps.sh - what `make deps` says of libraries and tools that are missing, or too old, or not the right ones.
#
# Compilers and tools that pretend stand first in PATH; none of them installs anything.
set -u
build=${BUILD:-build}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }
real=$(command -v "$(cut -d ' ' -f 1 "$build/flags")") || { echo "no compiler here"; exit 77; }
if ! .ci/deps "$real" > "$scratch/out" 2>&1; then
    echo "make deps fails here: $(tail -n 1 "$scratch/out")"
    exit 77
fi

mkdir "$scratch/bin" "$scratch/old_gnuplot" "$scratch/old_glibc"
script() { # FILE LINE...: an executable script
    file=$1
    shift
    printf '%s\n' '#!/bin/sh' "$@" > "$file"
    chmod +x "$file"
}
script "$scratch/bin/apt-get" 'exit 0'
script "$scratch/bin/sudo" 'exec "$@"'
script "$scratch/old_gnuplot/gnuplot" 'echo "gnuplot 5.2 patchlevel 8"'
printf '%s\n' '#include_next <features.h>' '#undef __GLIBC_MINOR__' '#define __GLIBC_MINOR__ 28' \
    > "$scratch/old_glibc/features.h"
script "$scratch/old_glibc/cc" "exec '$real' -isystem '$scratch/old_glibc' \"\$@\""
script "$scratch/no_sleef" 'for word; do [ "$word" != -lsleef ] || exit 1; done' "exec '$real' \"\$@\""

refused() { # TEXT PATH COMPILER: one line on stderr, with TEXT, and status 1
    text=$1
    if PATH="$2:$PATH" .ci/deps "$3" > "$scratch/out" 2> "$scratch/err"; then
        fail "$3: accepted, although: $text"
    fi
    sed -i '/^ERROR: ld\.so: /d' "$scratch/err"
    [ "$(wc -l < "$scratch/err")" -eq 1 ] || fail "$3: not one line: $(cat "$scratch/err")"
    grep -qF -e "$text" "$scratch/err" || fail "$3: '$(cat "$scratch/err")' does not say '$text'"
}
if echo '#include <features.h>
int glibc = __GLIBC__;' | "$real" -x c - -c -o "$scratch/glibc.o" 2> /dev/null; then
    refused 'glibc 2.28: 2.29 or newer is needed' "$scratch/bin" "$scratch/old_glibc/cc"
fi
refused 'libsleef-dev' "$scratch/bin" "$scratch/no_sleef" # a header alone is not enough
refused 'gnuplot-nox' "$scratch/bin:$scratch/old_gnuplot" "$real"
[ $failures -eq 0 ]
