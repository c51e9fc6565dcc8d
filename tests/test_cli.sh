#!/bin/bash
# test_cli.sh - the programs as a person meets them: bad input, full disks, missing files, Ctrl-C.
#
# Whatever goes wrong: the promised exit status, exactly one line on standard error that says what, and a results folder
# whose every byte is as it was.
set -u
unset LD_PRELOAD # the lines on standard error are counted: none is to be the loader's
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
scratch=$(mktemp -d) || exit 1
trap 'cd /; umount "$scratch/full" 2> /dev/null; rm -rf "$scratch"' EXIT
failures=0 checks=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# A folder of earlier results, and what it holds.
results=$scratch/results
mkdir "$results"
for table in depth_sweep loss truth density gradient_norm residual_inverse residual_map; do
    echo "an earlier $table" > "$results/$table.tsv"
done
# Thousands of programs are run here: what is checked of each is checked by this shell itself, which starts no other.
shopt -s globstar dotglob nullglob
fingerprint() { # into $now: the folder's files, their kinds and their contents
    local path kind bytes
    now=
    for path in "$results"/**; do
        kind=other bytes=
        if [ -L "$path" ]; then kind='link'
        elif [ -d "$path" ]; then kind=folder
        elif [ -f "$path" ]; then kind='file'; IFS= read -r -d '' bytes < "$path"
        fi
        now+="$path $kind $bytes"$'\n'
    done
}
untouched() { fingerprint; [ "$now" = "$before" ]; }
fingerprint
before=$now

# What the dynamic linker says of a library in LD_PRELOAD that is not there is no message of the program.
own_words() { # into $said: the lines on stderr
    local line
    said=()
    while IFS= read -r line || [ -n "$line" ]; do
        [[ $line == 'ERROR: ld.so: '* ]] || said+=("$line")
    done < "$scratch/err"
}

# expect STATUS TEXT COMMAND...: the command ends with STATUS and one line on stderr that has TEXT in it.
expect() {
    local status=$1 text=$2
    shift 2
    "$@" > "$scratch/out" 2> "$scratch/err" < /dev/null
    local got=$?
    own_words
    checks=$((checks + 1))
    [ $got -eq "$status" ] || fail "$*: status $got, not $status: ${said[*]:0:2}"
    [ ${#said[@]} -eq 1 ] || fail "$*: not one line on stderr: ${said[*]:0:5}"
    [[ ${said[*]:0:1} == *"$text"* ]] || fail "$*: '${said[*]:0:1}' does not say '$text'"
    [ ! -s "$scratch/out" ] || fail "$*: something on stdout: $(head -n 1 "$scratch/out")"
    untouched || fail "$*: the results folder was touched"
}
quick="--store none --out $results --no-plot --quiet"

# ------------------------------------------------------------------------------------- values that are not legal ----
# Every experiment, with what its --help says that it takes.
declare -A help
programs=
for path in "$build"/*; do
    program=${path##*/}
    if [ -f "$path" ] && [ -x "$path" ] && [ -f "experiments/$program.c" ] && [ "$program" != report ]; then
        help[$program]=$("$path" --help) || fail "$program --help: exit $?"
        if [[ ${help[$program]} == *$'\n  --out '* ]]; then programs="$programs $program"; fi
    fi
done
case $programs in *depth_sweep*gradient_norm*residual_inverse*) ;; *) fail "the programs are:$programs" ;; esac

# option, what its legal range says, and bad values ('' is an empty one)
while IFS='|' read -r option legal values; do
    taken=0
    for program in $programs; do
        [[ ${help[$program]} == *$'\n'"  --$option "* ]] || continue
        taken=$((taken + 1))
        for value in $values; do
            [ "$value" = "''" ] && value=
            # shellcheck disable=SC2086
            expect 2 "--$option '$value': must be" "$build/$program" $quick "--$option" "$value"
            [[ ${said[*]} == *"$legal"* ]] || fail "$program --$option '$value': '$legal' is not named"
        done
    done
    [ $taken -gt 0 ] || fail "no program takes --$option"
done << 'END'
data-seed|from 0 to 9007199254740991|'' -1 +1 1.5 1e3 nan inf 12x 0x10 9007199254740992 9999999999999999999999
data-size|from 2 to 10000000|'' 0 1 -5 nan 30.0 30rows 10000001 1e99 9999999999999999999999
coupling|spline, affine|'' Spline both nan 1 spline,affine
depths|from 1 to 1024|'' 0 1,0 -1 1,,2 , 1, 1,2,2 1025 nan 1.5 1;2 99999999999999999999999
bins|from 1 to 256|'' 0 257 -8 nan 8.0 8x 99999999999999999999999
interval|above 0 and at most 1000000|'' 0 -4 nan inf 4x 1e400 1000001 0x4
components|from 1 to 64|'' 0 65 -8 nan 8.0 8x 99999999999999999999999
width|from 1 to 1024|'' 0 1025 -24 nan 24.5 99999999999999999999999
hidden|from 0 to 8|'' -1 9 nan 2.0 99999999999999999999999
actnorm|none, default, data|'' None yes 1
seed|from 0 to 9007199254740991|'' -1 nan 0.5 99999999999999999999999
seeds|from 1 to 10000|'' 0 -1 nan 10001 99999999999999999999999
batch-seed|from 0 to 9007199254740991|'' -1 nan 0.5 99999999999999999999999
steps|from 4 to 10000000|'' 0 3 -1 nan 1200.5 10000001 99999999999999999999999
batch|from 1 to 1000000|'' 0 -1 nan 512.5 1000001 99999999999999999999999
lr|above 0 and at most 1000|'' 0 -3e-3 nan inf 3e-3x 1e400 1e-400 1001 0x1 --
stabiliser|one of clip, skip, olmo, zclip, agc, amsgrad, beta2, rewind|'' none Clip 1
clip|none, or a number above 0|'' 0 -1 nan inf NONE 1e400 1x
replicas|from 1 to 10000|'' 0 -1 nan 10001 99999999999999999999999
threads|from 1 to 1024|'' 0 -1 nan 1025 two 99999999999999999999999
format|svg, png, pdf|'' gif svg,gif SVG , svg,
out|not empty and does not begin with --|'' --no-plot --
data|not empty and does not begin with --|'' --quiet
columns|not empty|''
separator|tab, semicolon, comma, bar, blank|'' Tab commas : x
decimal|point, comma|'' ; dot 0
skip|from 0 to 1000000000|'' -1 1.5 nan 1000000001
END

for program in depth_sweep gradient_norm; do
    # shellcheck disable=SC2086
    {
        expect 2 "the bins do not fit" "$build/$program" $quick --bins 256 --interval 0.1
        expect 2 "the bins do not fit" "$build/$program" $quick --interval 0.0045
        expect 2 "--heldout '1': must be a number from 0 and below 1" "$build/$program" $quick --data x --heldout 1
        expect 2 "--heldout 'nan': must be a number from 0 and below 1" "$build/$program" $quick --data x --heldout nan
        expect 2 "only with --data" "$build/$program" $quick --heldout 0.1
        expect 2 "only without --data" "$build/$program" $quick --data x --data-size 10
        expect 2 "--columns: legal only with --data" "$build/$program" $quick --columns 1,2
        expect 2 "only one of the two" "$build/$program" $quick --data x --header --no-header
        expect 2 "two signs" "$build/$program" $quick --data x --decimal , --separator ,
    }
done
# shellcheck disable=SC2086
{
    expect 2 "their product must be at most" "$build/depth_sweep" $quick --steps 10000000 --batch 1000000
    # a line break in a value is no line break in the message
    expect 2 "--steps '1?2'" "$build/depth_sweep" $quick --steps $'1\n2'
}
for program in depth_sweep gradient_norm residual_inverse; do
    # shellcheck disable=SC2086
    {
        expect 2 "unknown or ambiguous option '--frobnicate'" "$build/$program" $quick --frobnicate
        expect 2 "unknown option '-x'" "$build/$program" $quick -x
        expect 2 "unexpected argument 'extra'" "$build/$program" $quick extra
        expect 2 "--threads: needs a value" "$build/$program" $quick --threads
        expect 2 "--quiet must be given without a value" "$build/$program" $quick --quiet=1
        expect 2 "FATHOM_ISA 'v9': must be v4, v3, neon or ref" env FATHOM_ISA=v9 "$build/$program" $quick
        expect 2 "FATHOM_ISA '': must be v4, v3, neon or ref" env FATHOM_ISA= "$build/$program" $quick
    }
done
# shellcheck disable=SC2086
expect 2 "--threads 2: must be at most 1" env OMP_THREAD_LIMIT=1 "$build/depth_sweep" $quick --threads 2
# shellcheck disable=SC2086
{
    expect 2 "unknown or ambiguous option '--steps'" "$build/gradient_norm" $quick --steps 10
    expect 2 "unknown or ambiguous option '--depths'" "$build/residual_inverse" $quick --depths 2
    expect 2 "unknown or ambiguous option '--components'" "$build/published" $quick --components 2
}
expect 2 "takes two folders, or two stores" "$build/compare"
expect 2 "takes two folders, or two stores" "$build/compare" "$results"
expect 2 "takes two folders, or two stores" "$build/compare" "$results" "$results" "$results"

# ------------------------------------------------------------------------------------------------------ the data ----
printf '1,2\n3,4,5\n' > "$scratch/ragged"
printf '1,2\n3,x\n' > "$scratch/words"
printf '1,2\n3,nan\n' > "$scratch/nan"
printf '1,2\n3,inf\n' > "$scratch/inf"
printf '1\n2\n3\n' > "$scratch/one_column"
printf '1,2\n' > "$scratch/one_row"
printf '1,2\n1,3\n1,4\n' > "$scratch/constant"
: > "$scratch/empty"
printf '0,52\t1,37\n-0,11\t2,05\n' > "$scratch/commas"
printf 'NA 0.2\n0.1 0.5\n' > "$scratch/first"
printf '1,2\n#3,4\n5,6\n' > "$scratch/hash"
seq -s, 65 > "$scratch/wide"
printf 'x,y\n1,2\n3,4\n' | gzip > "$scratch/gzip"
for program in depth_sweep gradient_norm; do
    while read -r file text; do
        # shellcheck disable=SC2086
        expect 1 "$text" "$build/$program" $quick --data "$scratch/$file"
        [[ ${said[*]} == *"$scratch/$file"* ]] || fail "$program --data $file: the file is not named"
    done << 'END'
missing No such file
. is a directory
ragged line 2
words line 2
nan line 2
inf line 2
one_column column
one_row row
constant column 1
empty
commas --decimal ,
first line 1, column 1: "NA" is not a number
hash line 2: a comment that would be a row
wide 65 columns; legal: 2 to 64
gzip looks like gzip
END
done

# ------------------------------------------------------------------------------------------- folders and figures ----
expect 1 "cannot be written" "$build/residual_inverse" --no-plot --store none --out "$scratch/words"
expect 1 "cannot be written" "$build/residual_inverse" --no-plot --store none --out "$scratch/none/deep"
expect 1 "cannot be written" "$build/residual_inverse" --no-plot --store none --out /proc
expect 1 "cannot be written" "$build/gradient_norm" --no-plot --quiet --depths 1 --store none --out /proc
mkdir "$scratch/locked" && chmod 555 "$scratch/locked"
if [ "$(id -u)" -ne 0 ]; then
    expect 1 "cannot be written" "$build/residual_inverse" --no-plot --store none --out "$scratch/locked"
fi
mkdir "$scratch/no_room" && : > "$scratch/no_room/timings"
expect 1 "timings: is not a folder" "$build/residual_inverse" --no-plot --store none --out "$scratch/no_room"
[ "$(ls -A "$scratch/no_room")" = timings ] || fail "no folder for timings: left $(ls -A "$scratch/no_room")"
mkdir "$scratch/no_gnuplot"
expect 1 "gnuplot: not found" env PATH="$scratch/no_gnuplot" "$build/residual_inverse" --store none --out "$results"
expect 1 "No such file" "$build/compare" "$results" "$scratch/none"
expect 1 "holds a table" "$build/compare" "$scratch/no_gnuplot" "$scratch/no_gnuplot"

if [ -w /dev/full ]; then
    checks=$((checks + 2))
    "$build/depth_sweep" --help > /dev/full 2> "$scratch/err" && fail "--help to a full disk: exit 0"
    "$build/depth_sweep" --version > /dev/full 2> "$scratch/err" && fail "--version to a full disk: exit 0"
fi

# A full disk: a file system of 64 KiB where that is allowed, else a limit on the size of files.
earlier=$(cat "$results/residual_map.tsv")
mkdir "$scratch/full"
if mount -t tmpfs -o size=64k fathom-test "$scratch/full" 2> /dev/null; then
    cp "$results/residual_map.tsv" "$scratch/full"
    expect 1 "No space left" "$build/density" --depths 1 --steps 4 --no-plot --quiet --store none --out "$scratch/full"
    [ "$(ls -A "$scratch/full")" = residual_map.tsv ] || fail "full disk: left $(ls -A "$scratch/full")"
    umount "$scratch/full"
fi
cp "$results/residual_map.tsv" "$scratch/full"
small_files="trap '' XFSZ; ulimit -f 8"
expect 1 "File too large" bash -c "$small_files; exec \"\$0\" --no-plot --store none --out \"\$1\"" "$build/residual_inverse" \
    "$scratch/full"
[ "$(ls -A "$scratch/full")" = residual_map.tsv ] || fail "no room for a file: left $(ls -A "$scratch/full")"
[ "$(cat "$scratch/full/residual_map.tsv")" = "$earlier" ] || fail "no room for a file: the earlier table changed"

# ------------------------------------------------------------------------------------------------------- Ctrl-C ----
# env --default-signal: a shell without job control starts background programs with SIGINT ignored.
for signal in INT TERM; do
    env --default-signal=INT "$build/depth_sweep" --store none --out "$results" --no-plot --quiet --depths 8 --steps 1000000 \
        --threads 2 2> "$scratch/err" &
    pid=$!
    sleep 1
    start=$(date +%s%N)
    kill -$signal $pid
    wait $pid
    status=$?
    took=$((($(date +%s%N) - start) / 1000000))
    checks=$((checks + 1))
    [ $status -eq 130 ] || fail "SIG$signal: status $status, not 130: $(cat "$scratch/err")"
    [ $took -lt 500 ] || fail "SIG$signal: took $took ms to stop"
    untouched || fail "SIG$signal: the results folder was touched: $(ls -A "$results")"
done

# ------------------------------------------------------------------------------------------------ what does work ----
checks=$((checks + 11))
works=$scratch/works
for run in "residual_inverse" "gradient_norm --depths 1,2" "depth_sweep --depths 1 --steps 4 --replicas 2" \
           "density --depths 1 --steps 4"; do
    # shellcheck disable=SC2086
    "$build"/$run --store none --out "$works" --no-plot --quiet > "$scratch/out" 2> "$scratch/err" ||
        fail "$run: $(cat "$scratch/err")"
    own_words
    [ ${#said[@]} -eq 0 ] || fail "$run --quiet: said ${said[0]}"
done
expected="density.sha256 density.tsv density_integral.tsv depth_sweep.sha256 depth_sweep.tsv"
expected="$expected depth_sweep_summary.tsv gradient_norm.sha256"
expected="$expected gradient_norm.tsv loss.tsv loss_mean.tsv residual_banach.tsv residual_cobweb.tsv"
expected="$expected residual_contraction.tsv residual_convergence.tsv residual_folds.tsv residual_inverse.sha256"
expected="$expected residual_inverse.tsv residual_linear.tsv residual_map.tsv spiral.tsv timings truth.tsv"
[ "$(cd "$works" && echo *)" = "$expected" ] || fail "the tables are $(cd "$works" && echo *)"
[ "$(find "$works" -name '.*' -type f | wc -l)" -eq 0 ] || fail "temporaries are left"
head -n 1 "$works/depth_sweep.tsv" | grep -qx '# program: depth_sweep' || fail "depth_sweep.tsv has no configuration"
grep -v '^#' "$works/depth_sweep.tsv" | head -n 1 |
    grep -qxP 'coupling\tdepth\tseed\treplica\tn_params\tstatus\tdiverged_at\ttrain_logp\theldout_logp\tparams_sha256' ||
    fail "depth_sweep.tsv has other columns"
[ "$(grep -vc '^#' "$works/depth_sweep.tsv")" -eq 3 ] || fail "depth_sweep.tsv has not a row a replica"
timed='^spiral\tspline\t1\tnone\t0.003\t1\tclip\t-\t0\t[01]\tok\t\d+\.\d{6}$'
[ "$(grep -cP "$timed" "$works/timings/depth_sweep.tsv")" -eq 2 ] ||
    fail "timings/depth_sweep.tsv has not a row a run"
for limit in OMP_NUM_THREADS=1 OMP_THREAD_LIMIT=1; do
    env $limit "$build/gradient_norm" --depths 1 --data-size 64 --store none --out "$works/threads" --no-plot --quiet
    grep -qx '# threads: 1' "$works/threads/timings/gradient_norm.tsv" || fail "$limit: not one thread"
    rm -r "$works/threads"
done
"$build/depth_sweep" --version | grep -qxE 'SLEEF [0-9]+\.[0-9]+\.[0-9]+ \(as compiled\)' || fail "--version: SLEEF"
if [ -e "$build/../plots/style.gp" ]; then # else the program finds its scripts from the tree's own folder alone
    (cd "$scratch" && "$build/depth_sweep" --version) | grep -qE '^gnuplot [0-9]' || fail "--version elsewhere: no gnuplot"
fi
PATH=$scratch/none "$build/depth_sweep" --version | grep -qx 'gnuplot not found' || fail "--version: not 'not found'"
grep -qP '^# seconds: \d' "$works/timings/residual_inverse.tsv" || fail "residual_inverse: no timings"

# compare finds what differs, by its name
cp -r "$works" "$scratch/other"
"$build/compare" "$works" "$scratch/other" > "$scratch/out" ||
    fail "compare: equal folders differ: $(cat "$scratch/out")"
sed -i '$s/\t[^\t]*$/\t0.5/' "$scratch/other/gradient_norm.tsv"
"$build/compare" "$works" "$scratch/other" > "$scratch/out" && fail "compare: a changed value was not seen"
grep -q '^gradient_norm.tsv: row 4, column 6 (grad_norm) of coupling spline, depth 2, seed 0: .* and 0.5$' "$scratch/out" ||
    fail "compare: $(head -n 1 "$scratch/out")"
"$build/masks" --data-size 20 --batch 2 --depths 1 --seed 0 --seeds 1 --steps 4 --store none --out "$scratch/masks" --no-plot --quiet
cp -r "$scratch/masks" "$scratch/masked"
sed -i '$s/\t[^\t]*$/\t0/' "$scratch/masked/masks.tsv"
"$build/compare" "$scratch/masks" "$scratch/masked" | grep -q ' of coupling spline, depth 1, mixing none, seed 0: ' ||
    fail "compare: which run of masks: $("$build/compare" "$scratch/masks" "$scratch/masked")"
rm "$scratch/other/truth.tsv"
"$build/compare" "$works" "$scratch/other" | grep -q '^truth.tsv: missing in ' ||
    fail "compare: a missing table was not seen"

# a run that diverges is recorded as such, without numbers
"$build/depth_sweep" --coupling affine --depths 4 --lr 1000 --clip none --steps 40 --store none --out "$works" --no-plot --quiet
grep -qP '^affine\t4\t0\t0\t5604\tdiverged\t\d+\tnan\tnan\t-$' "$works/depth_sweep.tsv" ||
    fail "a diverged run: $(tail -n 1 "$works/depth_sweep.tsv")"

"$build/density" --data two_spirals_4d --store none --out "$scratch/plane" --no-plot --quiet > "$scratch/out" 2>&1 &&
    fail "density: four columns were taken"
grep -qx 'density: two_spirals_4d: 4 columns; a picture of the plane takes rows of 2' "$scratch/out" ||
    fail "density of four columns: $(cat "$scratch/out")"

# own rows: three columns, held-out part
awk 'BEGIN { srand(1); print "a b c"; for (i = 0; i < 100; i++) print rand(), rand() + i, rand() }' > "$scratch/rows"
"$build/depth_sweep" --data "$scratch/rows" --heldout 0.2 --depths 1 --steps 4 --store none --out "$scratch/own" --no-plot --quiet ||
    fail "own rows"
grep -qx '# training-rows: 80' "$scratch/own/depth_sweep.tsv" || fail "own rows: not 80 to train on"
grep -qx '# heldout-rows: 20' "$scratch/own/depth_sweep.tsv" || fail "own rows: not 20 held out"
for setting in 'separator: blank' 'decimal: point' 'header: yes' 'skip: 0' 'columns: a,b,c'; do
    grep -qx "# $setting" "$scratch/own/depth_sweep.tsv" || fail "own rows: no '# $setting'"
done
grep -q '^# data-size' "$scratch/own/depth_sweep.tsv" && fail "own rows: a size of the spiral"
grep -qE '^# (columns|separator|header):' "$works/depth_sweep.tsv" && fail "the spiral: settings of a file"
[ "$(cd "$scratch/own" && echo *)" = \
    "depth_sweep.sha256 depth_sweep.tsv depth_sweep_summary.tsv loss.tsv loss_mean.tsv timings" ] ||
    fail "own rows: $(cd "$scratch/own" && echo *)"

# own rows: standard input, chosen columns, and what stderr says of it
own() { "$build/gradient_norm" --depths 1 --coupling affine --store none --out "$scratch/own" --no-plot "$@" 2> "$scratch/err"; }
says() { grep -qF -e "$1" "$scratch/err" || fail "own rows: '$(cat "$scratch/err")' does not say '$1'"; }
checks=$((checks + 6))
own --data - --heldout 0.2 < "$scratch/rows" || fail "standard input: $(cat "$scratch/err")"
says 'standard input: 100 rows of 3 columns (a, b, c), separated by blanks; names from line 1; 20 rows held out'
own --data "$scratch/rows" --columns c,1 || fail "--columns: $(cat "$scratch/err")"
says '100 rows of 2 of 3 columns (c, a)'
grep -qx '# columns: c,a' "$scratch/own/gradient_norm.tsv" || fail "--columns c,1: not in the table's head"
printf ',x,y\n0,0.1,0.7\n1,0.2,0.1\n2,0.4,0.9\n3,0.8,0.3\n' > "$scratch/index"
own --data "$scratch/index" --quiet || fail "an index: $(cat "$scratch/err")"
says 'warning: the first column, which has no name, counts the rows, 0, 1, 2, ...'
says 'without it: --columns 2,3'
[ "$(wc -l < "$scratch/err")" -eq 1 ] || fail "an index, --quiet: more than the warning: $(cat "$scratch/err")"
own --data "$scratch/index" --columns 2,3 --quiet || fail "without the index: $(cat "$scratch/err")"
[ ! -s "$scratch/err" ] || fail "--columns 2,3 --quiet: said $(cat "$scratch/err")"
{ seq -f 'a_long_name_of_column_%g' -s , 40; seq -s , 40; seq -s , 3 2 81; } > "$scratch/names"
own --data "$scratch/names" || fail "40 names: $(cat "$scratch/err")"
says 'a_long_name_of_column_14 and 26 more), separated by commas; names from line 1; 0 rows held out'
printf 'm\351\033[1m,\303\251\n1,2\n3,4\n7,1\n' > "$scratch/bytes" # no byte of a name reaches the terminal as it is
own --data "$scratch/bytes" || fail "bytes in names: $(cat "$scratch/err")"
says '3 rows of 2 columns (m<0xE9><0x1B>[1m, <U+00E9>), separated by commas'
deep=$scratch/deep$(printf '/%0200d' 1 1 1 1 1 1)
mkdir -p "$deep" && cp "$scratch/index" "$deep/rows"
own --data "$deep/rows" --quiet || fail "a long path: $(cat "$scratch/err")"
says 'rows: warning: the first column, which has no name, counts the rows'
own --data "$scratch/commas" --decimal , || fail "decimal commas: $(cat "$scratch/err")"
says '2 rows of 2 columns (1, 2), separated by tabs; no header; 0 rows held out'
(yes "$(seq -s ' ' 65)") | own --data - && fail "65 columns without end: exit 0"
says 'standard input: line 1: 65 columns'

echo "$checks checks, $failures failures"
[ $failures -eq 0 ]
