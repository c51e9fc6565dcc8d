#!/bin/sh
# test_fingerprint.sh - the fingerprint of the code that computes is a function of the names and contents of its sources
# alone, and is made again when one of them changes.
set -eu
make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
tree=$root/tree
mkdir "$tree"
cp -r Makefile lib harness experiments "$tree"
cd "$tree"

# $1: build folder, then more for make.
take() {
    folder=$1
    shift
    "$make" -s BUILD="$folder" "$@" "$folder/harness/fingerprint.c" > /dev/null
    sed -n 's/.*"\([0-9a-f]\{64\}\)".*/\1/p' "$folder/harness/fingerprint.c"
}
failures=0
same() { [ "$2" = "$first" ] || { echo "$1: $2, expected $first"; failures=$((failures + 1)); }; }
other() { [ -n "$2" ] && [ "$2" != "$first" ] || { echo "$1: the same, or none: $2"; failures=$((failures + 1)); }; }

first=$(take build)
[ ${#first} -eq 64 ] || { echo "no fingerprint: '$first'"; exit 1; }
same "another build folder" "$(take elsewhere)"
same "another compiler and other flags" "$(take build CC=clang CFLAGS=-O0)"
same "another locale" "$(LC_ALL=C.UTF-8 take build)"
before=$(stat -c %Y.%i build/harness/fingerprint.c)
sleep 1
touch lib/*.c
same "new times" "$(take build)"
[ "$before" = "$(stat -c %Y.%i build/harness/fingerprint.c)" ] || { echo "made again for nothing"; failures=1; }
find lib -name '*.[ch]' -exec sed -i 's/$/\r/' {} +
same "line ends of another system" "$(take build)"
find lib -name '*.[ch]' -exec sed -i 's/\r$//' {} +
echo '/* more */' >> harness/store.c
same "a source that computes nothing" "$(take build)"

for source in lib/train.c lib/fathom.h lib/kernels/transformer_affine.c harness/plane_integral.c experiments/sibling_moons.c; do
    cp "$source" "$root/kept"
    echo '/* more */' >> "$source"
    other "$source changed" "$(take build)"
    cp "$root/kept" "$source"
done
mv lib/train.c lib/trained.c
other "a source renamed" "$(take build)"
mv lib/trained.c lib/train.c
echo > lib/more.c
other "a source added" "$(take build)"
rm lib/more.c
same "all as before" "$(take build)"
runner=$(ls ./*/runner.c)
echo '/* more */' >> "$runner"
before=$(take build)
echo rows > build/runs.db
other "$runner changed" "$before"
# The store of the code before goes out of the way under that code's name, and comes back with it.
echo log > build/runs.db-wal
echo '/* yet more */' >> "$runner"
take build > /dev/null
kept=build/runs-$(echo "$before" | cut -c 1-16).db
[ -e "$kept" ] && [ -e "$kept-wal" ] && [ ! -e build/runs.db ] || { echo "a store of other code: $(ls build)"; failures=1; }
sed -i '$d' "$runner"
take build > /dev/null
[ "$(cat build/runs.db build/runs.db-wal)" = "$(printf 'rows\nlog')" ] || { echo "it did not come back: $(ls build)"; failures=1; }
[ $failures -eq 0 ]
