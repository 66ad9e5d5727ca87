#!/usr/bin/env bash
# A small Slurm on this one machine, for tests: munge, a controller and two nodes, all on the loopback interface, without
# systemd, cgroups or accounting. Debian's slurmd can play any node (-N), so one machine holds several.
#
# usage: slurm-cluster.sh run COMMAND...   starts it, runs the command with SLURM_CONF set, ends it
#        slurm-cluster.sh up DIR           starts it in a new directory; then: . DIR/environment
#        slurm-cluster.sh down DIR         ends its jobs and its daemons, and removes the directory
#
# Needs root (Slurm starts jobs as their users) and installs the packages with apt-get where they are missing.
set -euo pipefail

nodes=2
processors=2

fail() { echo "slurm-cluster: $*" >&2; exit 1; }

install_packages() {
    local missing=() pair
    for pair in slurmctld:slurmctld slurmd:slurmd sbatch:slurm-client munged:munge; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
    compgen -G '/usr/lib/*/slurm-wlm/select_cons_tres.so' >/dev/null || missing+=(slurm-wlm-basic-plugins)
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "slurm-cluster: installing ${missing[*]}" >&2
    # Installed services must not start by themselves.
    local policy=/usr/sbin/policy-rc.d ours=no
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        ours=yes
    fi
    local status=0
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
        install -y --no-install-recommends "${missing[@]}"; } >/dev/null || status=$?
    [ "$ours" = no ] || rm -f "$policy"
    [ "$status" = 0 ] || fail "could not install ${missing[*]}"
}

# The first of some ports in a row on which nobody listens.
free_ports() {
    local first port attempt
    for attempt in $(seq 100); do
        first=$((30000 + RANDOM % 2000))
        for ((port = first; port < first + $1; port++)); do
            if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
        done
        echo "$first"
        return
    done
    fail 'no free ports'
}

write_configuration() {
    local dir=$1 port
    port=$(free_ports $((nodes + 1)))
    cat >"$dir/slurm.conf" <<END
ClusterName=apus
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool-%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
KillWait=2
MinJobAge=60
SlurmdParameters=config_overrides
NodeName=n[1-$nodes] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=$processors RealMemory=1000
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
    # A plug-in that is started though nothing uses it; this one starts without cgroups.
    echo 'CgroupPlugin=cgroup/v1' >"$dir/cgroup.conf"
    echo "export SLURM_CONF='$dir/slurm.conf'" >"$dir/environment"
}

up() {
    local dir=$1 node
    [ "$(id -u)" = 0 ] || fail 'run this as root'
    install_packages
    mkdir -m 755 "$dir" "$dir/state"
    write_configuration "$dir"
    export SLURM_CONF=$dir/slurm.conf
    (umask 077 && head -c 64 /dev/urandom >"$dir/munge.key")
    chown -R root:root "$dir"
    # --force: the folder may be below one that others can write to, such as /tmp.
    munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munge.pid" \
        --log-file="$dir/munge.log" --seed-file="$dir/munge.seed"
    slurmctld
    for ((node = 1; node <= nodes; node++)); do
        mkdir "$dir/spool-n$node"
        slurmd -N "n$node"
    done
    for _ in $(seq 150); do
        [ "$(sinfo --noheader --Node --format=%T 2>/dev/null | grep -c idle)" != "$nodes" ] || return 0
        sleep 0.2
    done
    tail -n 5 "$dir"/*.log >&2
    down "$dir"
    fail 'the nodes did not come up within 30 s'
}

down() {
    local dir=$1 file
    export SLURM_CONF=$dir/slurm.conf
    scancel --state=PENDING --state=RUNNING 2>/dev/null || true
    for _ in $(seq 50); do
        [ -n "$(squeue --noheader 2>/dev/null)" ] || break
        sleep 0.2
    done
    for file in "$dir"/slurmd-*.pid "$dir/slurmctld.pid" "$dir/munge.pid"; do
        [ ! -s "$file" ] || end "$(<"$file")"
    done
    rm -rf -- "$dir"
}

# Ends one daemon: SIGTERM, and SIGKILL after five seconds.
end() {
    kill "$1" 2>/dev/null || return 0
    for _ in $(seq 50); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
}

case ${1:-} in
    up) up "${2:?a directory}" ;;
    down) down "${2:?a directory}" ;;
    run)
        shift
        directory=$(mktemp -d /tmp/apus-slurm.XXXXXX)/slurm
        chmod 755 "$(dirname "$directory")"
        up "$directory"
        trap 'down "$directory"; rmdir "$(dirname "$directory")"' EXIT
        status=0
        "$@" || status=$?
        exit "$status"
        ;;
    *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
