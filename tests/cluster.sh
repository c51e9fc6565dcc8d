#!/bin/bash
# cluster.sh - the same results from several machines: cluster/parallel.sh on two ssh servers, one of which is killed at
# a random moment, and cluster/slurm.sbatch on a controller and a node of its own, where one task is put back into the
# queue, byte for byte those of one process.
# Everything listens on 127.0.0.1 and is ended at the end.  A package that is missing leaves out its part, by name.
set -u
build=${BUILD:-build}
make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
export PATH=$PATH:/usr/sbin
scratch=$(mktemp -d) || exit 1
chmod 711 "$scratch"
own=/var/tmp/fathom-$(id -u)/$(sed -n 's/.*"\([0-9a-f]\{16\}\).*/\1/p' "$build/harness/fingerprint.c")
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
family() { # PID: and all that it started
    local child
    for child in $(pgrep -P "$1"); do family "$child"; done
    echo "$1"
}
servers=
end() {
    for pid in $servers; do kill -KILL $(family "$pid") 2> /dev/null; done # shellcheck disable=SC2046
    rm -rf "$scratch" "$own" "$build/parts"
}
trap end EXIT
have() { for tool; do command -v "$tool" > /dev/null || { echo "cluster: skipped: no $tool here"; return 1; }; done; }
same() { differ=$(diff -rq -x timings "$scratch/whole" "$1") || fail "$2: $differ"; }
short="SEEDS=1 STEPS=4 OUT=$scratch/results"

# shellcheck disable=SC2086
"$make" -s all BUILD="$build" $short STORE=none > "$scratch/log" 2>&1 || fail "one process: $(tail -n 3 "$scratch/log")"
mv "$scratch/results" "$scratch/whole"

# ------------------------------------------------------------------------------------------------- GNU parallel ----
over_ssh() {
    mkdir -p /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f "$scratch/key" && ssh-keygen -q -t ed25519 -N '' -f "$scratch/host" || return
    for name in one two; do
        port=$((20000 + RANDOM % 20000))
        cat > "$scratch/sshd.$name" << END
ListenAddress 127.0.0.1
Port $port
HostKey $scratch/host
AuthorizedKeysFile $scratch/key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
MaxStartups 100
END
        cat >> "$scratch/ssh_config" << END
Host $name
    HostName 127.0.0.1
    Port $port
END
        "$(command -v sshd)" -D -f "$scratch/sshd.$name" -E "$scratch/sshd.$name.log" &
        servers="$servers $!"
        disown
    done
    cat >> "$scratch/ssh_config" << END
Host *
    IdentityFile $scratch/key
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel ERROR
END
    sleep 1
    ssh -F "$scratch/ssh_config" one true && ssh -F "$scratch/ssh_config" two true || { fail "no ssh to this machine"; return; }
    rm -rf "$own"
    # shellcheck disable=SC2086
    SSH="ssh -F $scratch/ssh_config" BUILD=$build cluster/parallel.sh one,two 6 $short STORE="$scratch/ssh.db" \
        > "$scratch/log" 2>&1 &
    pid=$!
    while [ ! -s "$build/parts/joblog" ] && kill -0 $pid 2> /dev/null; do sleep 0.1; done
    sleep "$((RANDOM % 3)).$((RANDOM % 10))"
    # shellcheck disable=SC2086
    set -- $servers
    shift $((RANDOM % 2))
    kill -KILL $(family "$1") 2> /dev/null # shellcheck disable=SC2046
    wait $pid || fail "parallel.sh: $(tail -n 5 "$scratch/log")"
    same "$scratch/results" "parallel.sh"
    echo "parallel.sh: $(awk 'NR > 1 { n[$2]++ } END { for (h in n) printf "%s made %d ", h, n[h] }' "$build/parts/joblog")"
}
! have parallel ssh sshd ssh-keygen || over_ssh

# --------------------------------------------------------------------------------------------------------- Slurm ----
# Puts a task of the first array back into the queue once it has made some of its runs: its number is in $task, its
# part in $part.
put_back() {
    for ((i = 0; i < 600; i++)); do
        while read -r task array part; do
            [ "$array" = 1 ] && grep -q ' runs\? in ' "$build/parts/shard-$part.log" 2> /dev/null || continue
            scontrol requeue "$task" || fail "Slurm does not put task $task back into the queue"
            return
        done << END
$(squeue -h -r -t R -o '%A %F %K')
END
        sleep 0.1
    done
    fail "Slurm: no task is running: $(squeue)"
}
over_slurm() {
    rm -rf "$scratch/results" "$own"
    export SLURM_CONF=$scratch/slurm.conf
    dd if=/dev/urandom of="$scratch/munge.key" bs=128 count=1 status=none
    chmod 600 "$scratch/munge.key"
    munged -F --force --key-file="$scratch/munge.key" --socket="$scratch/munge" --pid-file="$scratch/munge.pid" \
        --log-file="$scratch/munge.log" --seed-file="$scratch/munge.seed" > /dev/null 2>&1 &
    servers="$servers $!"
    disown
    base=$((20000 + RANDOM % 20000))
    mkdir "$scratch/state" "$scratch/spool"
    cat > "$SLURM_CONF" << END
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
SlurmctldPort=$base
SlurmdPort=$((base + 1))
AuthType=auth/munge
AuthInfo=socket=$scratch/munge,cred_expire=5
CredType=cred/munge
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd.pid
SlurmctldLogFile=$scratch/slurmctld.log
SlurmdLogFile=$scratch/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
MaxArraySize=4
SchedulerParameters=batch_sched_delay=0
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
    sleep 1
    slurmctld -D -c > /dev/null 2>&1 &
    servers="$servers $!"
    disown
    slurmd -D -N "$(hostname -s)" > /dev/null 2>&1 &
    servers="$servers $!"
    disown
    for ((i = 0; i < 60; i++)); do sinfo -h -o %t 2> /dev/null | grep -q idle && break; sleep 0.5; done
    sinfo -h -o %t 2> /dev/null | grep -q idle || { fail "Slurm does not start: $(tail -n 3 "$scratch"/slurm*.log)"; return; }
    # shellcheck disable=SC2086
    last=$(PARTS=5 CPUS=1 BUILD=$build bash cluster/slurm.sbatch $short STORE="$scratch/slurm.db" 2> "$scratch/err") ||
        { fail "slurm.sbatch: $(cat "$scratch/err")"; return; }
    put_back
    for ((i = 0; i < 300; i++)); do [ -n "$(squeue -h)" ] || break; sleep 1; done
    [ -z "$(squeue -h)" ] || fail "Slurm: still there after 300 s: $(squeue)"
    echo "slurm.sbatch: $(find "$build/parts" -name 'shard-*.db' | wc -l) parts; job $last wrote the tables"
    scontrol show job "$task" | grep -q 'Restarts=1' && grep -q 'no runs to make' "$build/parts/shard-$part.log" ||
        fail "task $task, part $part, did not go on after it was put back: $(cat "$build/parts/shard-$part.log")"
    same "$scratch/results" "slurm.sbatch: $(tail -n 3 "$build/parts/merge.log" 2>&1)"
}
! have slurmctld slurmd munged sbatch || over_slurm
echo "$failures failures"
[ $failures -eq 0 ]
