#!/bin/sh
# test_structure.sh - the plan of the house (CONTRIBUTING.md): which folder may include which, no circle, short files and
# functions.
#
# Two files make a circle if each calls the other, perhaps through others: read off the objects of the archives.  One
# circle is meant: the table of an instruction set lists its layers, and a layer that has a part of another kind looks
# for it in the table (fathom_isa_...).
set -u
build=${BUILD:-build}
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# never FOLDER FILES...: these do not include a header of the folder
never() {
    folder=$1
    shift
    for header in $(grep -h '^# *include "' "$@" | sed 's/^[^"]*"\([^"]*\)".*/\1/' | sort -u); do
        [ ! -e "$folder/$header" ] || fail "$folder/$header is included by $(grep -l "\"$header\"" "$@" | tr '\n' ' ')"
    done
}
never harness lib/*.[ch] lib/kernels/*.[ch] examples/*.c
never report lib/*.[ch] lib/kernels/*.[ch] harness/*.[ch] experiments/*.c examples/*.c bench/*.[ch]
for header in $(grep -h '^# *include "' experiments/*.c | sed 's/^[^"]*"\([^"]*\)".*/\1/' | sort -u); do
    [ -e "lib/$header" ] || [ -e "harness/$header" ] || fail "experiments/ includes $header"
done

# edges NAME: "caller callee" from the lines of nm -A on standard input; a tsort of them ends with status 1 at a circle
edges() {
    awk -v isa='^fathom_isa_' '
        NF < 2 { next }
        { file = $1; sub(/:[^:]*$/, "", file); kind = $(NF - 1); name = $NF; sub(/@.*/, "", name) }
        kind ~ /^[TDBRC]$/ { defined[name] = file }
        kind == "U" && name !~ isa { n++; from[n] = file; what[n] = name }
        END {
            for (i = 1; i <= n; i++)
                if (what[i] in defined && defined[what[i]] != from[i])
                    print from[i], defined[what[i]]
        }' |
        sort -u
}
nm -A "$build/libfathom.a" "$build/harness/shared.a" "$build/judges/judges.a" 2> /dev/null |
    grep -vE '\.(v3|v4|neon)\.o:' | edges > "$scratch/edges"
[ "$(wc -l < "$scratch/edges")" -gt 400 ] || fail "only $(wc -l < "$scratch/edges") calls between files were found"
tsort "$scratch/edges" > /dev/null 2> "$scratch/circle" || fail "a circle of calls: $(tr '\n' ' ' < "$scratch/circle")"
grep -E 'libfathom\.a:[^ ]* [^ ]*(shared|judges)\.a:|shared\.a:[^ ]* [^ ]*judges\.a:' "$scratch/edges" > "$scratch/upward" &&
    fail "a call upwards: $(cat "$scratch/upward")"

awk '
    FNR == 1 { if (name && last > 500) print name ": " last " lines"; name = FILENAME; begin = 0 }
    { last = FNR }
    /^\{/ || (/^[a-z].*\) *\{$/ && !/^(struct|enum|union|typedef)/) { begin = FNR }
    /^\}/ { if (begin && FNR - begin > 60) print FILENAME ":" begin ": a function of " FNR - begin " lines"; begin = 0 }
    END { if (last > 500) print name ": " last " lines" }' \
    lib/*.[ch] lib/kernels/*.[ch] harness/*.[ch] experiments/*.c report/*.[ch] examples/*.c tests/*.[ch] bench/*.[ch] \
    > "$scratch/long"
[ ! -s "$scratch/long" ] || fail "$(cat "$scratch/long")"

echo "$(wc -l < "$scratch/edges") calls between files"
[ $failures -eq 0 ]
