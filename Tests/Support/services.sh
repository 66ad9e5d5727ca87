# What the scripts share that start schedulers and servers for tests. A script reads this file, defines
#
#     up DIRECTORY      makes the directory, starts what belongs into it, and writes DIRECTORY/environment
#     down DIRECTORY    ends what is there, however far `up` came, and removes the directory
#
# and ends with `service "$@"`. It is then called as
#
#     SCRIPT run COMMAND...   starts it, runs the command with what DIRECTORY/environment sets, ends it
#     SCRIPT up DIRECTORY     starts it in a new directory; then: . DIRECTORY/environment
#     SCRIPT down DIRECTORY   ends it, and removes the directory
#
# shellcheck shell=bash
script=$(basename "$0" .sh)

fail() { echo "$script: $*" >&2; exit 1; }

# Prints the remarks at the head of a script.
usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; }

# install_debian PACKAGE...: with apt-get, as root; services among them do not start by themselves.
install_debian() {
    [ $# -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "not installed: $*; run this as root, or install what Debian calls so"
    echo "$script: installing $*" >&2
    local policy=/usr/sbin/policy-rc.d ours=no status=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        ours=yes
    fi
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
        install -y --no-install-recommends "$@"; } >/dev/null || status=$?
    [ "$ours" = no ] || rm -f "$policy"
    [ "$status" = 0 ] || fail "could not install $*"
}

# free_ports LOWEST COUNT: the first of so many ports in a row on which nobody listens.
free_ports() {
    local first port attempt
    for attempt in $(seq 100); do
        first=$(($1 + RANDOM % 2000))
        for ((port = first; port < first + $2; port++)); do
            if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
        done
        echo "$first"
        return
    done
    fail 'no free ports'
}

# waits_for SECONDS COMMAND...: until the command succeeds, for at most so many seconds.
waits_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

# end FILE...: ends the processes whose numbers are in these files: SIGTERM, and SIGKILL after five seconds.
end() {
    local file pid
    for file in "$@"; do
        [ -s "$file" ] || continue
        pid=$(<"$file")
        kill "$pid" 2>/dev/null || continue
        waits_for 5 has_ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
    done
}

# A zombie has ended, too.
has_ended() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

service() {
    case ${1:-} in
        up)
            directory=${2:?a directory}
            trap 'down "$directory"' EXIT
            up "$directory"
            trap - EXIT
            ;;
        down)
            [ -e "${2:?a directory}/environment" ] || fail "'$2' was not made by '$script up'"
            down "$2"
            ;;
        run)
            shift
            directory=$(mktemp -d "/tmp/apus-$script.XXXXXX")/state
            chmod 755 "$(dirname "$directory")"
            trap 'down "$directory"; rmdir "$(dirname "$directory")"' EXIT
            up "$directory"
            # shellcheck disable=SC1091
            . "$directory/environment"
            local status=0
            "$@" || status=$?
            exit "$status"
            ;;
        *)
            usage
            exit 2
            ;;
    esac
}
