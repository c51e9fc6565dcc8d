#!/bin/sh
# test_links.sh - every file and folder of this tree that a document or a comment names is there.
#
# In Markdown: the targets of relative links, and paths in backquotes.  In sources: words that are a path below lib/,
# harness/, ...  A name with a placeholder (NAME) or a star is none, nor is the claim that docs/adding.md adds, nor a
# folder's old name in the changelog, nor a file that test_fingerprint.sh makes.
set -u
folders='lib|harness|experiments|report|plots|docs|examples|tests|bench|reference'
failures=0

# LINES of "document path"
check() {
    while read -r document path; do
        case $path in *NAME* | *\** | *peak_rate* | https | lib/isa/ | lib/more.c | lib/trained.c) continue ;; esac
        for base in . "$(dirname "$document")"; do
            [ -e "$base/$path" ] && continue 2
        done
        echo "$document: $path is not there"
        failures=$((failures + 1))
    done << LINES
$1
LINES
}

documents=$(find . -maxdepth 2 -name '*.md' -o -maxdepth 2 -name '*.md.in' | grep -v '^./build' | sed 's|^\./||')
links=''
for document in $documents; do
    links="$links
$(grep -oE '\]\([^)#: ]+' "$document" | sed "s|^](|$document |")
$(grep -oE "\`($folders)/[^\` ]*\`" "$document" | tr -d '`' | sed "s|^|$document |")"
done
[ "$(echo "$links" | grep -c .)" -gt 50 ] || { echo "too few links found"; failures=1; }
check "$(echo "$links" | grep .)"

sources=$(find lib harness experiments report tests bench plots -name '*.[ch]' -o -name '*.gp' -o -name '*.sh')
# shellcheck disable=SC2086
paths=$(grep -oE "(^|[ (\"])($folders)/[a-z0-9_/]+\.(c|h|gp|sh|md)\>" $sources /dev/null | sed 's/:[ ("]*/ /' | sort -u)
[ "$(echo "$paths" | grep -c .)" -gt 5 ] || { echo "too few paths found"; failures=1; }
check "$paths"
[ $failures -eq 0 ]
