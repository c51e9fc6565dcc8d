#!/bin/bash
# flips.sh [N [SEED]] - a bit is flipped at each of N random places of a store of two short experiments, one of which
# keeps traces and the other parameters: they refuse the store, or make runs again, but their tables are never wrong.
#
# Every other store is one that a killed program left, with its rows in the log; the rest are closed ones, without a log.
set -u
unset LD_PRELOAD # its complaints are lines on stderr, which are counted here
n=${1:-1000}
seed=${2:-$RANDOM}
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
touch failures
fail() { echo "FAILED: $*" | tee -a "$scratch/failures"; }

run() { # PROGRAM OPTION...
    "$build/$1" --threads 1 --data-size 60 --batch 8 --no-plot "${@:2}"
}
both() { # STORE OUT: 6 runs, then 1
    run depth_sweep --steps 4 --depths 1,2 --replicas 3 --store "$1" --out "$2" 2> err &&
        run conditioner --steps 4 --depths 1 --store "$1" --out "$2" 2>> err
}
right() { (cd "$1" && sha256sum --check --quiet --strict "$scratch/sums") > /dev/null 2>&1; }

both none whole || fail "without a store: $(cat err)"
(cd whole && sha256sum ./*.tsv ./*.sha256 > "$scratch/sums")
[ "$(wc -l < sums)" -eq 8 ] || fail "a whole set is $(cat sums)"

# While another program has the store open, the rows of these two stay in its log.
(exec "$build/depth_sweep" --threads 1 --data-size 60 --batch 8 --depths 1 --steps 100000 --quiet --no-plot \
    --store logged.db --out open) &
pid=$!
for ((i = 0; i < 300; i++)); do [ -s logged.db ] && break; sleep 0.1; done
both logged.db found || fail "into a store: $(cat err)"
kill -KILL $pid
wait $pid 2> /dev/null
[ -s logged.db-wal ] || fail "the killed program left no log"
cp logged.db closed.db && cp logged.db-wal closed.db-wal
both closed.db found || fail "from a store: $(cat err)"
[ ! -e closed.db-wal ] || fail "a closed store has a log"
[ "$(grep -c 'no runs to make' err)" -eq 2 ] && right found || fail "from a store: $(cat err)"

flip() { # FILE BYTE BIT
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    # shellcheck disable=SC2059
    printf "\\$(printf %03o $((byte ^ 1 << $3)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
one() { # STORE: prints what became of a copy of it, for which this folder is
    rm -rf ./*
    cp "../$1.db" runs.db
    [ ! -e "../$1.db-wal" ] || cp "../$1.db-wal" runs.db-wal
    local size at bit=$((RANDOM % 8)) file=runs.db
    size=$(stat -c %s runs.db)
    at=$(((RANDOM << 15 | RANDOM) % $(cat runs.db* | wc -c)))
    [ $at -lt "$size" ] || { file=runs.db-wal; at=$((at - size)); }
    flip $file $at $bit
    local where="$1: bit $bit of byte $at of $file"
    if ! both runs.db out; then
        echo refused
        [ "$(grep -c . err)" -eq 1 ] && grep -q '^[a-z_]*: store runs.db: ' err || fail "$where: $(cat err)" >&2
        return
    fi
    right out || fail "$where: other tables" >&2
    if grep -q 'was damaged' err; then
        echo moved
    elif [ "$(grep -c 'no runs to make' err)" -eq 2 ]; then
        echo unharmed
    else
        echo again
    fi
}

RANDOM=$seed
cores=$(nproc)
for ((core = 0; core < cores; core++)); do
    worker=$RANDOM
    (
        RANDOM=$worker
        mkdir "$scratch/$core" && cd "$scratch/$core" || exit 1
        for ((i = core; i < n; i += cores)); do one "$([ $((i / cores % 2)) -eq 0 ] && echo closed || echo logged)"; done \
            > "$scratch/outcomes.$core"
    ) &
done
wait
outcomes=$(cat outcomes.*)
count() { echo "$outcomes" | grep -cx "$1"; }
echo "$n flipped bits (seed $seed): $(count refused) refused, $(count moved) moved aside, $(count again) made again," \
    "$(count unharmed) unharmed; $(wc -l < failures) failures"
[ ! -s failures ] && [ "$(echo "$outcomes" | wc -l)" -eq "$n" ] && [ $((10 * $(count again))) -ge "$n" ]
