#!/bin/sh
# run.sh BUILD TEST... - runs tests (programs and scripts), as many at a time as there are cores, and ends with one
# line: "N passed, N failed".
#
# A test fails by its exit status, and only then is its output shown; 77 means that something that it needs is not
# here, and its last line names that.  For scripts, $BUILD is the build folder.
set -u
export BUILD="$1"
shift
mkdir -p "$BUILD/log" || exit 1
rm -f "$BUILD"/log/*

cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc 2> /dev/null || echo 1)
# shellcheck disable=SC2016
printf '%s\n' "$@" | xargs -P "$cores" -I '{}' sh -c '
    name=$(basename "$1")
    log=$BUILD/log/$name
    start=$(date +%s)
    "$1" > "$log" 2>&1 < /dev/null
    status=$?
    seconds=$(($(date +%s) - start))
    case $status in
        0)  word=passed note= ;;
        77) word=skipped note=": $(tail -n 1 "$log")" ;;
        *)  word=FAILED note=" with status $status"; sed "s/^/    /" "$log" ;;
    esac
    echo "$name" >> "$BUILD/log/$word"
    printf "%-8s %-24s %3d s%s\n" "$word" "$name" "$seconds" "$note"
    [ "$word" != passed ] || grep "skipped" "$log" | sed "s/^/    /"' sh '{}'

count() { if [ -f "$BUILD/log/$1" ]; then wc -l < "$BUILD/log/$1"; else echo 0; fi; }
skipped=$(count skipped)
[ "$skipped" -eq 0 ] || echo "$skipped skipped"
echo "$(count passed) passed, $(count FAILED) failed"
[ "$(($(count passed) + skipped))" -eq $# ]
