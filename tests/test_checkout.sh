#!/bin/sh
# test_checkout.sh - a clone has the bytes that were committed, also where git is set to write CRLF (core.autocrlf).
set -u
if ! git rev-parse --git-dir > /dev/null 2>&1; then
    echo "no git, or not a clone"
    exit 77
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }

for setting in true false; do
    clone="$scratch/it's a copy, $setting"
    if ! git -c core.autocrlf=$setting clone -q . "$clone" 2> "$scratch/log"; then
        echo "git does not clone this tree: $(tail -n 1 "$scratch/log")"
        exit 77
    fi
    changed=$(git -C "$clone" -c core.autocrlf=$setting status --porcelain)
    [ -z "$changed" ] || fail "autocrlf $setting: changed after the clone: $changed"
    git -C "$clone" ls-files -s | while read -r _ blob _ name; do
        [ "$(git -C "$clone" hash-object --no-filters -- "$name")" = "$blob" ] || echo "$name"
    done > "$scratch/differ"
    [ ! -s "$scratch/differ" ] || fail "autocrlf $setting: other bytes: $(head -n 3 "$scratch/differ" | tr '\n' ' ')"
done
[ $failures -eq 0 ]
