#!/usr/bin/env bash
# A small Slurm on this one machine, for tests: munge, a controller and two nodes, all on the loopback interface, without
# systemd, cgroups or accounting. Debian's slurmd can play any node (-N), so one machine holds several.
#
# usage: slurm-cluster.sh run COMMAND...   starts it, runs the command with SLURM_CONF set, ends it
#        slurm-cluster.sh up DIR           starts it in a new directory; then: . DIR/environment
#        slurm-cluster.sh down DIR         ends its jobs and its daemons, and removes the directory
#
# Torque's commands on top of Slurm (qsub, qstat, qdel), which Debian has in slurm-wlm-torque, are unpacked into the
# directory and TORQUE_ON_SLURM names where: installed they would take the place of Grid Engine's.
# Needs root (Slurm starts jobs as their users) and installs the packages with apt-get where they are missing.
set -euo pipefail
. "$(dirname "$0")/services.sh"

nodes=2
processors=2

install_packages() {
    local missing=() pair
    for pair in slurmctld:slurmctld slurmd:slurmd sbatch:slurm-client munged:munge; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
    compgen -G '/usr/lib/*/slurm-wlm/select_cons_tres.so' >/dev/null || missing+=(slurm-wlm-basic-plugins)
    install_debian "${missing[@]}"
}

write_configuration() {
    local dir=$1 port
    port=$(free_ports 30000 $((nodes + 1)))
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

# These programs call Slurm's beside them, and its libraries for Perl.
unpack_torque() {
    local dir=$1/torque command
    [ -d /usr/share/doc/libslurmdb-perl ] || (install_debian libslurm-perl libslurmdb-perl) || return 1
    mkdir "$dir"
    (cd "$dir" && apt-get -qq download slurm-wlm-torque && dpkg-deb -x slurm-wlm-torque_*.deb .) 2>/dev/null || return 1
    for command in sbatch salloc srun squeue scancel scontrol; do
        ln -s "$(command -v "$command")" "$dir/usr/bin/$command"
    done
    echo "export TORQUE_ON_SLURM='$dir/usr/bin'" >>"$1/environment"
}

up() {
    local dir=$1 node
    [ "$(id -u)" = 0 ] || fail 'run this as root'
    install_packages
    mkdir -m 755 "$dir" "$dir/state"
    write_configuration "$dir"
    unpack_torque "$dir" || echo "$script: no commands of Torque; their tests are left out" >&2
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
    waits_for 30 all_idle || {
        tail -n 5 "$dir"/*.log >&2
        fail 'the nodes did not come up within 30 s'
    }
}

all_idle() { [ "$(sinfo --noheader --Node --format=%T | grep -c idle)" = "$nodes" ]; }
no_jobs() { [ -z "$(squeue --noheader)" ]; }

down() {
    local dir=$1
    if [ -e "$dir/slurm.conf" ]; then
        export SLURM_CONF=$dir/slurm.conf
        scancel --state=PENDING --state=RUNNING 2>/dev/null || true
        waits_for 10 no_jobs || true
    fi
    end "$dir"/slurmd-*.pid "$dir/slurmctld.pid" "$dir/munge.pid"
    rm -rf -- "$dir"
}

service "$@"
