#!/usr/bin/env bash
# Two hosts that are reached by ssh, for tests: two SSH servers of this machine on the loopback interface, with keys of
# their own. No account, no file of ~/.ssh or /etc/ssh is touched. Any user may run it, and logs in as himself.
#
# usage: ssh-hosts.sh run COMMAND...   starts them, runs the command with APUS_SSH_HOSTS set, ends them
#        ssh-hosts.sh up DIR           starts them in a new directory; then: . DIR/environment
#        ssh-hosts.sh down DIR         ends them, and removes the directory
#        ssh-hosts.sh stop DIR HOST    ends one of them (h1, h2) with its connections
#
# Inside `network.py run` the hosts are n1 and n2 of its near network, at port 22 of their own addresses.
#
# Then: ssh -F DIR/config h1. The config also has hosts that fail: stranger (a key that is not known), closed (nobody
# listens), locked (refuses the key), silent (never answers).
# Installs openssh-server with apt-get where it is missing and this is root.
set -euo pipefail
. "$(dirname "$0")/services.sh"

install_server() {
    local missing=()
    [ -x /usr/sbin/sshd ] || missing+=(openssh-server)
    command -v ssh >/dev/null || missing+=(openssh-client)
    command -v python3 >/dev/null || missing+=(python3)
    install_debian "${missing[@]}"
}

server() { # DIR NAME ADDRESS PORT AUTHORIZED-KEYS COMMAND-BEFORE...
    local dir=$1 name=$2
    cat >"$dir/$name.sshd" <<END
Port $4
ListenAddress $3
HostKey $dir/$name.key
AuthorizedKeysFile $5
PidFile $dir/$name.pid
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
    ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$dir/$name.key"
    echo "[$3]:$4 $(cut -d' ' -f1,2 "$dir/$name.key.pub")" | sed 's/^\[\([^]]*\)\]:22 /\1 /' >>"$dir/known_hosts"
    host "$name" "$3" "$4"
    shift 5
    "$@" /usr/sbin/sshd -f "$dir/$name.sshd" -E "$dir/$name.log" >&2
}

host() { # NAME ADDRESS PORT
    printf 'Host %s\n  HostName %s\n  Port %s\n' "$@"
}

# The command before a server that makes it one of a network namespace, with a host name of its own.
inside() { echo ip netns exec "$APUS_NETWORK_PREFIX-$1" unshare --uts "$0" named "$1"; }

up() {
    local dir=$1 name
    install_server
    mkdir -m 755 "$dir"
    dir=$(cd "$dir" && pwd)
    [ "$(id -u)" != 0 ] || mkdir -p -m 755 /run/sshd
    umask 077
    ssh-keygen -q -t ed25519 -N '' -C apus -f "$dir/key"
    : >"$dir/nobody"
    chmod 644 "$dir/key.pub" "$dir/nobody"
    if [ -n "${APUS_NETWORK_PREFIX:-}" ]; then networked "$dir"; else local_hosts "$dir"; fi >"$dir/config"
    cat >>"$dir/config" <<END
Host *
  User $(id -un)
  IdentityFile $dir/key
  IdentitiesOnly yes
  UserKnownHostsFile $dir/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
END
    echo "export APUS_SSH_HOSTS='$dir'" >"$dir/environment"
    for name in $(sed -n 's/^Host \([hn][12]\)$/\1/p' "$dir/config"); do
        waits_for 10 answers "$dir" "$name" || {
            tail -n 5 "$dir"/*.log >&2
            fail "the server $name does not answer"
        }
    done
}

networked() {
    # Words without spaces, all of them.
    # shellcheck disable=SC2046
    {
        server "$1" n1 198.18.41.11 22 "$1/key.pub" $(inside n1)
        server "$1" n2 198.18.41.12 22 "$1/key.pub" $(inside n2)
    }
}

local_hosts() {
    local dir=$1 port
    port=$(free_ports 26000 6)
    server "$dir" h1 127.0.0.1 "$port" "$dir/key.pub"
    server "$dir" h2 127.0.0.1 $((port + 1)) "$dir/key.pub"
    server "$dir" locked 127.0.0.1 $((port + 2)) "$dir/nobody"
    cp "$dir/known_hosts" "$dir/known_hosts.these"
    server "$dir" stranger 127.0.0.1 $((port + 3)) "$dir/key.pub"
    mv "$dir/known_hosts.these" "$dir/known_hosts"
    host closed 127.0.0.1 $((port + 4))
    host silent 127.0.0.1 $((port + 5))
    # Takes connections and says nothing.
    python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
kept = []
while True: kept.append(s.accept())' $((port + 5)) </dev/null >/dev/null 2>&1 &
    echo $! >"$dir/silent.pid"
}

answers() { ssh -F "$1/config" -o BatchMode=yes "$2" true; }

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
    for name in h1 h2 n1 n2 stranger locked silent; do stop "$1" "$name"; done
    rm -rf -- "$1"
}

case ${1:-} in
    named)
        hostname "$2"
        exec "${@:3}"
        ;;
    stop) stop "${2:?a directory}" "${3:?a host}" ;;
    *) service "$@" ;;
esac
