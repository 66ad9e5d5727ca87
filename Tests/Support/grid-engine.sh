#!/usr/bin/env bash
# A small Grid Engine on this one machine, for tests: Debian's Son of Grid Engine with a master, one execution host of four
# slots, the queue `all.q` and the parallel environment `smp`, without systemd.
#
# usage: grid-engine.sh run COMMAND...   starts it, runs the command with SGE_ROOT and the like set, ends it
#        grid-engine.sh up DIR           starts it in a new directory; then: . DIR/environment
#        grid-engine.sh down DIR         ends its jobs and its daemons, and removes the directory
#
# Needs root (Grid Engine starts jobs as their users) and installs the packages with apt-get where they are missing. The
# daemons listen on all interfaces, which they cannot be talked out of; every name in it means 127.0.0.1.
set -euo pipefail
. "$(dirname "$0")/services.sh"

programs=/usr/lib/gridengine
share=/usr/share/gridengine
slots=4
host=$(hostname -s)

install_packages() {
    local missing=() pair
    for pair in sge_qmaster:gridengine-master sge_execd:gridengine-exec qsub:gridengine-client; do
        [ -x "$programs/${pair%%:*}" ] || missing+=("${pair##*:}")
    done
    install_debian "${missing[@]}"
}

# What the daemons read before they can ask each other.
write_cell() {
    local dir=$1 common=$1/default/common port link
    mkdir -p -m 755 "$common" "$dir/spool/master"
    for link in bin lib util utilbin; do ln -s "/var/lib/gridengine/$link" "$dir/$link"; done
    port=$(free_ports 22000 2)
    echo "$host" >"$common/act_qmaster"
    echo "$host localhost localhost.localdomain" >"$common/host_aliases"
    sed -e 's/^\(admin_user\) .*/\1 root/' -e 's/^\(ignore_fqdn\) .*/\1 true/' -e 's/^\(spooling_method\) .*/\1 classic/' \
        -e 's/^\(spooling_lib\) .*/\1 libspoolc/' -e "s#^\(spooling_params\) .*#\1 $common;$dir/spool/master#" \
        -e "s#^\(qmaster_spool_dir\) .*#\1 $dir/spool/master#" "$share/default-bootstrap" >"$common/bootstrap"
    cat >"$dir/environment" <<END
export SGE_ROOT='$dir' SGE_CELL=default SGE_QMASTER_PORT=$port SGE_EXECD_PORT=$((port + 1))
export PATH="$programs:\$PATH"
END
}

# The objects that the master starts with. Jobs of root are allowed; accounting is written at once.
write_spool() {
    local dir=$1
    sed -e "s#^\(execd_spool_dir\) .*#\1 $dir/spool#" -e 's/^\(min_[ug]id\) .*/\1 0/' \
        -e 's#^\(mailer\) .*#\1 /bin/true#' -e 's/^\(load_report_time\) .*/\1 00:00:02/' \
        -e 's/^\(reporting_params\) .*/& accounting_flush_time=00:00:00/' \
        -e 's/^\(gid_range\) .*/\1 61000-61099/' "$share/default-configuration" >"$dir/configuration"
    "$programs/spoolinit" classic libspoolc "$(sed -n 's/^spooling_params *//p' "$dir/default/common/bootstrap")" init
    "$programs/spooldefaults" configuration "$dir/configuration"
    "$programs/spooldefaults" complexes "$share/util/resources/centry"
    "$programs/spooldefaults" usersets "$share/util/resources/usersets"
    "$programs/spooldefaults" managers root
}

# What there is to run jobs in; the execution host has made itself known.
add_objects() {
    local dir=$1
    printf 'group_name @allhosts\nhostlist %s\n' "$host" >"$dir/group"
    qconf -Ahgrp "$dir/group"
    qconf -Ap "$share/util/resources/pe/smp"
    # Grid Engine's own template of a queue, with what differs here; no thresholds, since the machine has other work.
    qconf -sq | sed -e 's/^\(qname\) .*/\1 all.q/' -e 's/^\(hostlist\) .*/\1 @allhosts/' \
        -e 's/^\(load_thresholds\) .*/\1 NONE/' -e 's/^\(pe_list\) .*/\1 smp/' -e "s/^\(slots\) .*/\1 $slots/" \
        -e "s#^\(tmpdir\) .*#\1 $dir/tmp#" -e 's#^\(shell\) .*#\1 /bin/bash#' >"$dir/queue"
    qconf -Aq "$dir/queue"
    # Jobs are placed at once, not every fifteen seconds.
    qconf -ssconf | sed -e 's/^\(schedule_interval\) .*/\1 0:0:2/' -e 's/^\(flush_[a-z]*_sec\) .*/\1 1/' \
        >"$dir/scheduler"
    qconf -Msconf "$dir/scheduler"
}

up() {
    local dir=$1
    [ "$(id -u)" = 0 ] || fail 'run this as root'
    install_packages
    mkdir -m 755 "$dir"
    mkdir -m 1777 "$dir/tmp"
    write_cell "$dir"
    # shellcheck disable=SC1091
    . "$dir/environment"
    start "$dir" >"$dir/log" 2>&1 || {
        tail -n 20 "$dir/log" "$dir"/spool/*/messages >&2
        fail 'Grid Engine did not start; its words are above'
    }
}

start() {
    local dir=$1
    write_spool "$dir" || return 1
    sge_qmaster || return 1
    waits_for 20 qconf -sh || return 1
    qconf -ah "$host"
    qconf -as "$host"
    sge_execd || return 1
    waits_for 20 has_host || return 1
    add_objects "$dir" || return 1
    waits_for 30 is_ready
}

has_host() { qconf -sel | grep -q .; }
# The host has told its load, and no state letters stand behind it.
is_ready() { qstat -f | grep -qE "^all\.q@.* 0/0/$slots +[0-9.]+ +lx-[a-z0-9]+ *$"; }
no_jobs() { [ -z "$(qstat -u '*')" ]; }

down() {
    local dir=$1 execd='' shepherd
    if [ -e "$dir/environment" ]; then
        # shellcheck disable=SC1091
        . "$dir/environment"
        if [ -s "$dir/spool/master/qmaster.pid" ]; then
            timeout 10 qdel -u '*' >/dev/null 2>&1 || true
            waits_for 10 no_jobs || true
        fi
        # The folder has the name that the host's address is given back with.
        execd=$(cat "$dir"/spool/*/execd.pid 2>/dev/null || true)
        # What a job left behind is a child of its shepherd.
        for shepherd in ${execd:+$(ps -o pid= --ppid "$execd")}; do
            kill -KILL -- $(ps -o pid= --ppid "$shepherd") "$shepherd" 2>/dev/null || true
        done
        end "$dir"/spool/*/execd.pid "$dir/spool/master/qmaster.pid"
    fi
    rm -rf -- "$dir"
}

PATH=$programs:$PATH:/usr/sbin
service "$@"
