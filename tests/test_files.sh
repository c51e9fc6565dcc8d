#!/bin/bash
# test_files.sh - what a program leaves in its folder: one run's tables, figures and manifest, whatever happens to it.
set -u
unset LD_PRELOAD # what is on standard error is the programs' own: none is to be the loader's
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0 checks=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
quick="--threads 1 --quiet --depths 1 --steps 4"
small="$quick --data-size 60 --batch 8"
names() { (cd "$1" && ls -A | tr '\n' ' '); }
hidden() { find "$1" -name '.*' ! -path "$1"; }

# status WANTED COMMAND...: ends with that status; its stderr is in $scratch/err
status() {
    local wanted=$1
    shift
    checks=$((checks + 1))
    "$@" > "$scratch/said" 2> "$scratch/err" < /dev/null
    local got=$?
    [ $got -eq "$wanted" ] || fail "$*: status $got, not $wanted: $(head -n 3 "$scratch/err")"
}
# limited OPTION LIMIT COMMAND...: the command under a limit of ulimit
limited() { bash -c 'ulimit "$0" "$1"; shift; exec "$@"' "$@"; }
# says FILE TEXT: exactly one line of stderr, or of what compare prints, has the text
says() { [ "$(grep -cF -e "$2" "$1")" -eq 1 ] || fail "'$(head -n 4 "$1")' does not say '$2'"; }
silent() { [ ! -s "$scratch/err" ] || fail "$*: said $(head -n 3 "$scratch/err")"; }
# shellcheck disable=SC2086
{
# --------------------------------------------------------------------------------------------------- one set ----
out=$scratch/out
status 0 "$build/depth_sweep" $small --store none --out "$out"
silent "a first run"
[ "$(names "$out")" = "depth_sweep.sha256 depth_sweep.svg depth_sweep.tsv depth_sweep_summary.tsv \
loss.svg loss.tsv loss_mean.tsv timings truth.tsv " ] || fail "a run leaves $(names "$out")"
(cd "$out" && sha256sum --check --quiet --strict depth_sweep.sha256) || fail "sha256sum does not read the manifest"
[ "$(sed 's/^.*  //' "$out/depth_sweep.sha256" | tr '\n' ' ')" = \
    "depth_sweep.svg depth_sweep.tsv depth_sweep_summary.tsv loss.svg loss.tsv loss_mean.tsv truth.tsv " ] ||
    fail "the manifest: $(cat "$out"/*.sha256)"

# The same tables without figures: the figures are still theirs.  Other tables: they go, in one line.
status 0 "$build/depth_sweep" $small --store none --out "$out" --no-plot
silent "the same tables again"
[ -f "$out/loss.svg" ] && grep -q loss.svg "$out/depth_sweep.sha256" || fail "a figure of the same tables is gone"
status 0 "$build/depth_sweep" $small --steps 5 --store none --out "$out" --no-plot
says "$scratch/err" "removed from $out, since this run did not make them: depth_sweep.svg, loss.svg"
[ "$(names "$out")" = "depth_sweep.sha256 depth_sweep.tsv depth_sweep_summary.tsv loss.tsv loss_mean.tsv timings \
truth.tsv " ] || fail "left: $(names "$out")"

# Own rows after the spiral: no true density.
awk 'BEGIN { srand(1); for (i = 0; i < 60; i++) print rand(), rand() }' > "$scratch/rows"
own="--data $scratch/rows --batch 8"
status 0 "$build/depth_sweep" $quick $own --store none --out "$out" --no-plot
says "$scratch/err" "did not make them: truth.tsv"
[ ! -e "$out/truth.tsv" ] || fail "truth.tsv of the spiral stands beside own rows"
cp -r "$out" "$scratch/old" && rm "$scratch/old/depth_sweep.sha256"
"$build/depth_sweep" $small --store none --out "$scratch/old" --no-plot 2> /dev/null
rm "$scratch/old/depth_sweep.sha256" # as before there were manifests: named, not removed
status 0 "$build/depth_sweep" $quick $own --store none --out "$scratch/old" --no-plot
says "$scratch/err" "truth.tsv is of an earlier run"
[ -e "$scratch/old/truth.tsv" ] || fail "a table that no manifest lists was removed"

# A manifest that was edited takes no one else's file away, and a folder in a table's place does not fail the next run.
echo mine > "$scratch/old/mine.csv" && mkdir "$scratch/old/folder.svg"
for name in mine.csv folder.svg timings . ..; do printf '%064d  %s\n' 0 "$name"; done >> "$scratch/old/depth_sweep.sha256"
status 0 "$build/depth_sweep" $quick $own --steps 5 --out "$scratch/old" --no-plot
silent "an edited manifest"
[ -f "$scratch/old/mine.csv" ] && [ -d "$scratch/old/folder.svg" ] || fail "an edited manifest: $(names "$scratch/old")"
(cd "$scratch/old" && sha256sum --check --quiet depth_sweep.sha256) || fail "after an edited manifest"

# Every run diverged: the figure says so, and the older one is gone.
out=$scratch/diverged
status 0 "$build/density" $small --store none --out "$out"
status 0 "$build/density" $small --coupling affine --depths 4 --lr 1000 --clip none --steps 40 --store none --out "$out"
grep -q "every run failed" "$out/density.svg" || fail "an older figure stands beside empty tables"

# A figure that fails: the tables are kept, without an older figure.
mkdir "$scratch/bin"
# shellcheck disable=SC2016
printf '#!/bin/sh\ncat > "%s/script"\ngrep -q gradient_norm.gp "%s/script" && exit 3\nexec "%s" - < "%s/script"\n' \
    "$scratch" "$scratch" "$(command -v gnuplot)" "$scratch" > "$scratch/bin/gnuplot"
chmod +x "$scratch/bin/gnuplot"
status 0 "$build/gradient_norm" --quiet --depths 1 --data-size 60 --store none --out "$scratch/failed"
cp "$scratch/failed/gradient_norm.svg" "$scratch/earlier.svg"
if PATH="$scratch/bin:$PATH" "$build/gradient_norm" --help > /dev/null; then
    status 1 env PATH="$scratch/bin:$PATH" "$build/gradient_norm" --quiet --depths 1 --data-size 70 --store none --out "$scratch/failed"
    says "$scratch/err" "gnuplot: gradient_norm.svg"
    grep -qx '# data-size: 70' "$scratch/failed/gradient_norm.tsv" || fail "a figure that fails keeps a table back"
    [ "$(names "$scratch/failed")" = "gradient_norm.sha256 gradient_norm.tsv timings " ] ||
        fail "a figure that fails leaves $(names "$scratch/failed")"
fi

# ------------------------------------------------------------------------------------------------------ signals ----
out=$scratch/signals
for signal in HUP INT TERM; do # ended, or not, as it was when the program started
    for start in default ignore; do
        [ $signal-$start != TERM-ignore ] || continue
        env --$start-signal=$signal "$build/depth_sweep" $small --depths 4 --steps 60000 --store none --out "$out" --no-plot \
            2> "$scratch/err" &
        pid=$!
        sleep 0.5
        kill -$signal $pid
        sleep 0.2
        running=no
        kill -0 $pid 2> /dev/null && running=yes
        if [ $start = ignore ] && [ $running = yes ]; then
            kill -TERM $pid
        fi
        wait $pid
        got=$?
        checks=$((checks + 1))
        [ "$running" = "$([ $start = ignore ] && echo yes || echo no)" ] || fail "SIG$signal, $start: running: $running"
        [ $got -eq 130 ] || fail "SIG$signal, $start: status $got, not 130"
        [ -z "$(ls -A "$out")" ] || fail "SIG$signal, $start: left $(names "$out")"
    done
done
# A limit on the size of files is one clean line; a reader of stderr that went away is nothing.
status 1 limited -f 8 "$build/density" $quick --no-plot --store none --out "$out"
says "$scratch/err" "density.tsv: cannot be written: File too large"
[ -z "$(ls -A "$out")" ] || fail "a limit on file sizes left $(names "$out")"
checks=$((checks + 1))
{ sleep 0.1; exec "$build/depth_sweep" --threads 1 --depths 1 --steps 4 --no-plot --store none --out "$out"; } 2>&1 >/dev/null | true
sleep 0.4
tries=0
while [ ! -e "$out/timings/depth_sweep.tsv" ] && [ $((tries += 1)) -lt 50 ]; do sleep 0.1; done
[ -e "$out/depth_sweep.tsv" ] || fail "a reader of stderr that went away ends the program: $(names "$out")"

# --------------------------------------------------------------------------------------------- memory and stacks ----
out=$scratch/memory
mkdir "$out"
# A sanitizer takes its own memory and stack: there only what needs no limit is tested.
if ! grep -q __asan_init "$build/density"; then
# Whatever memory there is: the whole table, or one line and nothing.
"$build/density" $quick --no-plot --store none --out "$scratch/whole"
told=0 whole=0
for limit in 10500 11500 12000 12400 12700 12900 13000 13200 13400 13700 14000 14500 15000 16000 18000 22000 40000 80000; do
    checks=$((checks + 1))
    if limited -v $limit "$build/density" $quick --no-plot --store none --out "$out" 2> "$scratch/err"; then
        whole=$((whole + 1))
        for table in density density_integral spiral; do
            cmp -s "$scratch/whole/$table.tsv" "$out/$table.tsv" || fail "$limit KiB: $table.tsv is not whole, exit 0"
        done
        silent "$limit KiB"
    else
        told=$((told + 1))
        [ -s "$scratch/err" ] || fail "$limit KiB: failed without a word"
        [ "$(wc -l < "$scratch/err")" -eq 1 ] || fail "$limit KiB: $(cat "$scratch/err")"
        LC_ALL=C grep -q '[^ -~]' "$scratch/err" && fail "$limit KiB: rubbish: $(cat "$scratch/err")"
    fi
    [ -z "$(hidden "$out")" ] || fail "$limit KiB: left $(names "$out")"
    rm -rf "${out:?}"/*
done
[ $told -gt 0 ] && [ $whole -gt 0 ] || fail "of the limits on memory $told were too low, $whole high enough"

# Small stacks, those of threads too; and the number of threads that is told is the number that worked.
status 0 env OMP_STACKSIZE=128k "$build/depth_sweep" --quiet --depths 1,2 --steps 4 --threads 2 --no-plot --store none --out "$out"
cp "$out/truth.tsv" "$scratch/truth.tsv"
status 1 env OMP_STACKSIZE=1000G "$build/depth_sweep" --depths 1,2 --steps 4 --threads 2 --no-plot --store none --out "$out"
says "$scratch/err" "--threads 2: the system makes no more than 1 here"
[ "$(wc -l < "$scratch/err")" -eq 1 ] || fail "threads that cannot be made: $(cat "$scratch/err")"
status 0 limited -s 128 "$build/depth_sweep" --quiet --depths 1,2 --steps 4 --threads 1 --store none --out "$out"
cmp -s "$out/truth.tsv" "$scratch/truth.tsv" || fail "truth.tsv depends on the stack"
else
    echo "files: skipped: limits on memory and stacks (sanitized)"
fi
status 0 env OMP_THREAD_LIMIT=1 "$build/depth_sweep" --depths 1,2 --steps 4 --no-plot --store none --out "$out"
says "$scratch/err" "on 1 thread"
grep -qx '# threads: 1' "$out/timings/depth_sweep.tsv" || fail "$(grep threads "$out/timings/depth_sweep.tsv")"
status 0 "$build/depth_sweep" $small --threads 1024 --no-plot --store none --out "$out"
grep -qx '# threads: 1' "$out/timings/depth_sweep.tsv" || fail "1 run: $(grep threads "$out/timings/depth_sweep.tsv")"

# --------------------------------------------------------------------------------------------------- long names ----
# Where a folder's name is too long, that is said before the work, also for timings/.
long=$scratch
while [ ${#long} -lt 3200 ]; do long=$long/$(printf 'x%.0s' {1..200}); done
mkdir -p "$long"
for length in 3500 3615 3616 4000 4058 4064 4070 4090; do
    parent=$long
    while [ $((length - ${#parent})) -gt 210 ]; do parent=$parent/$(printf 'y%.0s' {1..199}); done
    mkdir -p "$parent" 2> /dev/null
    path=$parent/$(printf 'z%.0s' $(seq $((length - ${#parent} - 1))))
    if [ "$length" -lt 3616 ]; then
        status 0 "$build/residual_inverse" --quiet --store none --out "$path"
        [ -e "$path/timings/residual_inverse.tsv" ] || fail "$length characters: no timings"
    else
        status 1 "$build/residual_inverse" --quiet --store none --out "$path"
        says "$scratch/err" "File name too long"
        [ -z "$(ls -A "$path" 2> /dev/null)" ] || fail "$length characters: left $(names "$path")"
    fi
done

# A working folder that cannot be entered: gnuplot does not need it.
if [ "$(id -u)" -eq 0 ] && command -v setpriv > /dev/null && [ -e "$build/../plots/style.gp" ]; then
    mkdir "$scratch/shut" "$scratch/theirs"
    chmod 711 "$scratch"
    chmod 700 "$scratch/shut"
    chown 65534 "$scratch/theirs"
    if (cd / && setpriv --reuid 65534 --clear-groups test -x "$build/gradient_norm"); then
        status 0 env -C "$scratch/shut" setpriv --reuid 65534 --clear-groups "$build/gradient_norm" \
            --quiet --depths 1 --data-size 60 --store none --out "$scratch/theirs"
    fi
fi

# --------------------------------------------------------------------------------- two programs in one folder ----
# Containers have process id 1 each: two of them that write one folder do not meet.
if unshare --pid --fork --mount-proc true 2> /dev/null; then
    for ((i = 0; i < 6; i++)); do
        rm -rf "$scratch/both" && mkdir "$scratch/both"
        unshare -pf --mount-proc "$build/depth_sweep" $small --store none --out "$scratch/both" 2> "$scratch/err1" & one=$!
        unshare -pf --mount-proc "$build/depth_sweep" $small --steps 5 --store none --out "$scratch/both" 2> "$scratch/err2" & two=$!
        checks=$((checks + 1))
        wait $one || fail "two with one process id: $(cat "$scratch/err1")"
        wait $two || fail "two with one process id: $(cat "$scratch/err2")"
        (cd "$scratch/both" && sha256sum --check --quiet depth_sweep.sha256) || fail "two with one process id: mixed"
        [ -z "$(hidden "$scratch/both")" ] || fail "two with one process id: left $(names "$scratch/both")"
    done
else
    echo "files: skipped: two containers (no right to make one)"
fi
}

# ------------------------------------------------------------------------------------------------------ compare ----
a=$scratch/a b=$scratch/b
fresh() { rm -rf "$a" "$b" && cp -r results "$a" && cp -r results "$b"; }
# differs TEXT: compare ends with 1 and says the text once
differs() {
    status 1 timeout 20 "$build/compare" "$a" "$b"
    says "$scratch/said" "$1"
    fresh
}
fresh
status 0 "$build/compare" "$a" "$b"
rm "$a/truth.tsv" "$b/truth.tsv" "$a/depth_sweep.sha256" "$b/depth_sweep.sha256"
differs "truth.tsv: missing in $a and $b"
: > "$b/density.svg";                          differs "density.svg: not a whole figure of gnuplot in $b (0 bytes)"
echo garbage > "$a/density.svg";               differs "density.svg: not a whole figure of gnuplot in $a (8 bytes)"
head -c 4000 /dev/zero > "$b/density.svg";     differs "density.svg: not a whole figure of gnuplot in $b (4000 bytes)"
head -c 4000 results/loss.svg > "$b/loss.svg"; differs "loss.svg: not a whole figure of gnuplot in $b (4000 bytes)"
: > "$b/truth.tsv";                            differs "truth.tsv: empty in $b"
rm "$b/spiral.tsv" && mkfifo "$b/spiral.tsv";  differs "spiral.tsv: not a regular file in $b"
sed -i 's/$/\r/' "$b/truth.tsv";               differs "truth.tsv: lines end in CR LF in $b, in LF in $a"
truncate -s -1 "$a/truth.tsv";                 differs "truth.tsv: the last line has no line end in $a"
truncate -s +1 "$a/truth.tsv";                 differs "truth.tsv: a NUL byte at byte $(($(stat -c %s results/truth.tsv) + 1)) in $a"
sed -i '$d' "$b/truth.tsv";                    differs "truth.tsv: $b ends after row 1, $a goes on"
sed -i '$s/$/\t1/' "$b/truth.tsv";             differs "truth.tsv: row 2 ends after column 4 in $a"
sed -i '1s/$/?/' "$b/truth.tsv";               differs "truth.tsv: line 1: # program: depth_sweep and # program: depth_sweep?"
echo x >> "$b/SHA256SUMS";                     differs "$b/SHA256SUMS: line $(wc -l < "$b/SHA256SUMS") is not a checksum"
# the same in both folders, but not of one run
sed -i 's/Stacking/Stocking/' "$a/depth_sweep.svg" "$b/depth_sweep.svg"
differs "$b/depth_sweep.svg: a mixture of runs: it is not the file that depth_sweep.sha256 lists"
# another version of gnuplot draws other bytes
sed -i 's/GNUPLOT 5/GNUPLOT 7/' "$b/loss.svg" && sed -i "/loss.svg/d" "$b/depth_sweep.sha256"
status 0 "$build/compare" "$a" "$b"
says "$scratch/said" "loss.svg: not compared: drawn by GNUPLOT"
# and the report says so
fresh
sed -i '$d' "$a/loss.svg"
status 0 "$build/report" "$a"
says "$scratch/err" "report: $a/loss.svg: a mixture of runs: it is not the file that depth_sweep.sha256 lists"

tests/kills.sh 5 || fail "kills"
echo "$checks checks, $failures failures"
[ $failures -eq 0 ]
