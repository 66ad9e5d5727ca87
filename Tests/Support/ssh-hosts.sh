#!/usr/bin/env bash
# Two hosts that are reached by ssh, for tests: two SSH servers of this machine on the loopback interface, with keys of
# their own. No account, no file of ~/.ssh or /etc/ssh is touched. Any user may run it, and logs in as himself.
#
# usage: ssh-hosts.sh run COMMAND...   starts them, runs the command with APUS_SSH_HOSTS set, ends them
#        ssh-hosts.sh up DIR           starts them in a new directory; then: . DIR/environment
#        ssh-hosts.sh down DIR         ends them, and removes the directory
#        ssh-hosts.sh stop DIR HOST    ends one of them (h1, h2) with its connections
#
# Then: ssh -F DIR/config h1. The config also has hosts that fail: stranger (a key that is not known), closed (nobody
# listens), locked (refuses the key), silent (never answers).
# Installs openssh-server with apt-get where it is missing and this is root.
set -euo pipefail

fail() { echo "ssh-hosts: $*" >&2; exit 1; }

install_server() {
    if [ -x /usr/sbin/sshd ] && command -v ssh >/dev/null && command -v python3 >/dev/null; then return; fi
    [ "$(id -u)" = 0 ] || fail 'openssh-server, openssh-client or python3 is missing, and this is not root'
    echo 'ssh-hosts: installing openssh-server' >&2
    # An installed service must not start by itself.
    local policy=/usr/sbin/policy-rc.d ours=no status=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        ours=yes
    fi
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
        install -y --no-install-recommends openssh-server openssh-client python3; } >/dev/null || status=$?
    [ "$ours" = no ] || rm -f "$policy"
    [ "$status" = 0 ] || fail 'could not install openssh-server'
}

# The first of some ports in a row on which nobody listens.
free_ports() {
    local first port attempt
    for attempt in $(seq 100); do
        first=$((26000 + RANDOM % 2000))
        for ((port = first; port < first + $1; port++)); do
            if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
        done
        echo "$first"
        return
    done
    fail 'no free ports'
}

server() { # DIR NAME PORT AUTHORIZED-KEYS
    cat >"$1/$2.sshd" <<END
Port $3
ListenAddress 127.0.0.1
HostKey $1/$2.key
AuthorizedKeysFile $4
PidFile $1/$2.pid
# The folder may be below one that others can write to, such as /tmp.
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 200
MaxSessions 200
END
    ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$1/$2.key"
    /usr/sbin/sshd -f "$1/$2.sshd" -E "$1/$2.log"
}

host() { # NAME PORT
    printf 'Host %s\n  HostName 127.0.0.1\n  Port %s\n' "$1" "$2"
}

up() {
    local dir=$1 port name
    install_server
    mkdir -m 755 "$dir"
    dir=$(cd "$dir" && pwd)
    [ "$(id -u)" != 0 ] || mkdir -p -m 755 /run/sshd
    port=$(free_ports 6)
    umask 077
    ssh-keygen -q -t ed25519 -N '' -C apus -f "$dir/key"
    : >"$dir/nobody"
    chmod 644 "$dir/key.pub" "$dir/nobody"
    server "$dir" h1 "$port" "$dir/key.pub"
    server "$dir" h2 $((port + 1)) "$dir/key.pub"
    server "$dir" stranger $((port + 2)) "$dir/key.pub"
    server "$dir" locked $((port + 3)) "$dir/nobody"
    # Takes connections and says nothing.
    python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
kept = []
while True: kept.append(s.accept())' $((port + 5)) </dev/null >/dev/null 2>&1 &
    echo $! >"$dir/silent.pid"
    {
        host h1 "$port"
        host h2 $((port + 1))
        host stranger $((port + 2))
        host locked $((port + 3))
        host closed $((port + 4))
        host silent $((port + 5))
        cat <<END
Host *
  User $(id -un)
  IdentityFile $dir/key
  IdentitiesOnly yes
  UserKnownHostsFile $dir/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
END
    } >"$dir/config"
    for name in h1:0 h2:1 locked:3; do
        echo "[127.0.0.1]:$((port + ${name#*:})) $(cut -d' ' -f1,2 "$dir/${name%:*}.key.pub")"
    done >"$dir/known_hosts"
    echo "export APUS_SSH_HOSTS='$dir'" >"$dir/environment"
    for _ in $(seq 50); do
        if ssh -F "$dir/config" -o BatchMode=yes h1 true 2>/dev/null &&
            ssh -F "$dir/config" -o BatchMode=yes h2 true 2>/dev/null; then return; fi
        sleep 0.2
    done
    tail -n 5 "$dir"/*.log >&2
    down "$dir"
    fail 'the servers do not answer'
}

# Ends one server: those of its connections, which are its children, first.
stop() {
    local pid child
    [ -s "$1/$2.pid" ] || return 0
    pid=$(<"$1/$2.pid")
    for child in $(ps -o pid= --ppid "$pid"); do kill "$child" 2>/dev/null || true; done
    kill "$pid" 2>/dev/null || true
    rm -f "$1/$2.pid"
}

down() {
    local name
    for name in h1 h2 stranger locked silent; do stop "$1" "$name"; done
    rm -rf -- "$1"
}

case ${1:-} in
    up) up "${2:?a directory}" ;;
    down) down "${2:?a directory}" ;;
    stop) stop "${2:?a directory}" "${3:?a host}" ;;
    run)
        shift
        directory=$(mktemp -d /tmp/apus-ssh.XXXXXX)/hosts
        chmod 755 "$(dirname "$directory")"
        up "$directory"
        trap 'down "$directory"; rmdir "$(dirname "$directory")"' EXIT
        status=0
        APUS_SSH_HOSTS=$directory "$@" || status=$?
        exit "$status"
        ;;
    *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
