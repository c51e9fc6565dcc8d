#!/bin/bash
# parallel.sh HOST,HOST,... N [SETTING=VALUE...] - `make all` in N parts on several hosts over ssh, by GNU parallel.
#
#   cluster/parallel.sh big1,big2,: 16 SEEDS=32        (: is this machine)
#
# Each host has this tree at the same path (DIR names another), and a key that lets ssh in without a question.  A host
# makes one part at a time, on all its cores, into a store on its own disk (/var/tmp), where a part that was interrupted
# goes on; the store comes back through ssh.  A part that fails, or whose host is lost, is made on another host.  Then
# this machine takes all parts' runs and writes the tables: nothing but the runs' results comes from elsewhere.
#
# From the environment: SSH (ssh), DIR (this folder), BUILD (build).  The log of all parts is BUILD/parts/joblog.
set -euo pipefail
cd "$(dirname "$0")/.."
usage() { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
hosts=$1 n=$2
shift 2
[[ $n =~ ^[1-9][0-9]{0,5}$ ]] || { echo "parallel.sh: '$n': must be the number of parts, 1 to 999999" >&2; exit 2; }
for setting; do
    [[ $setting =~ ^[A-Z]+=[A-Za-z0-9.,_/-]*$ ]] || { echo "parallel.sh: '$setting': must be SETTING=VALUE" >&2; exit 2; }
done
command -v parallel > /dev/null || { echo "parallel.sh: no GNU parallel here (Debian: apt-get install parallel)" >&2; exit 1; }
build=${BUILD:-build} dir=${DIR:-$PWD}
parts=$build/parts
ssh=${SSH:-ssh}
rm -rf "$parts"
mkdir -p "$parts"
# A host that answers nothing for a minute is lost.
run() {
    parallel --will-cite --ssh "$ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=4" \
        -S "$hosts" "$@"
}
run --nonall "cd $dir && make -s build BUILD=$build > /dev/null" || { echo "parallel.sh: a host does not build" >&2; exit 1; }
code=$(sed -n 's/.*"\([0-9a-f]\{16\}\).*/\1/p' "$build/harness/fingerprint.c" 2> /dev/null) ||
    { make -s build BUILD="$build" > /dev/null && code=$(sed -n 's/.*"\([0-9a-f]\{16\}\).*/\1/p' "$build/harness/fingerprint.c"); }
seq "$n" | run --jobs 1 --retries 5 --joblog "$parts/joblog" --results "$parts/shard-{}.db" \
    "cd $dir && own=/var/tmp/fathom-\$(id -u)/$code && mkdir -p \$own && store=\$own/shard-{}-of-$n.db &&
     make -s part BUILD=$build $* SHARD={}/$n STORE=\$store >&2 && cat \$store" > /dev/null ||
    { echo "parallel.sh: some parts could not be made anywhere; see $parts/joblog and $parts/*.err" >&2; exit 1; }
make all BUILD="$build" MERGE="$(seq -f "$parts/shard-%.0f.db" -s ' ' "$n")" "$@"
