#!/usr/bin/env bash
# Runs Parsl's own tests of its high-throughput executor twice, once with Parsl's interchange and once with ours,
# and compares: every test that starts an interchange and passes on Parsl's must pass on ours.
#
# Usage: Tests/Conformance/parsl-htex.sh [--stock-only | --ours-only] [--markdown FILE] [-- PYTEST-ARGUMENTS]
#
#   PARSL_VENV   virtual environment with parsl==2026.10.26, 'pytest<8' and 'pytest-timeout<3' (default .build/venv)
#   APUS         the program to test (default: .build/release/apus, else .build/debug/apus)
#   TEST_LIMIT   seconds that one test may take (default 120)
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
venv=$(realpath -m "${PARSL_VENV:-$root/.build/venv}")
output=$root/.build/conformance
limit=${TEST_LIMIT:-120}
run_stock=yes
run_ours=yes
markdown=
while [ $# -gt 0 ]; do
    case $1 in
        --stock-only) run_ours= ;;
        --ours-only) run_stock= ;;
        --markdown)
            [ $# -ge 2 ] || { echo "parsl-htex.sh: --markdown needs a file name" >&2; exit 2; }
            markdown=$(realpath -m "$2")
            shift
            ;;
        --) shift; break ;;
        -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
        *) echo "parsl-htex.sh: unknown option '$1' (try --help)" >&2; exit 2 ;;
    esac
    shift
done

if [ ! -x "$venv/bin/python3" ]; then
    echo "parsl-htex.sh: no virtual environment in $venv; 'make test-extra' makes it, or set PARSL_VENV" >&2
    exit 2
fi
python=$venv/bin/python3
tests=$("$python" -c 'import os, parsl.tests; print(os.path.dirname(parsl.tests.__file__))')
parsl_version=$("$python" -c 'import parsl; print(parsl.__version__)')
# Parsl compares the first two parts of Python's version, and shows all three.
python_version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

find_apus() {
    for candidate in "${APUS:-}" "$root/.build/release/apus" "$root/.build/debug/apus"; do
        if [ -n "$candidate" ] && [ -x "$candidate" ]; then realpath "$candidate"; return; fi
    done
    echo "parsl-htex.sh: no apus program; run 'swift build --product apus', or set APUS" >&2
    return 2
}

# Some of the tests kill managers and leave their workers behind. All that a run started carries its mark.
end_leftovers() {
    local mark=$1 process left=0
    for process in /proc/[0-9]*; do
        if grep -qzFx "APUS_CONFORMANCE=$mark" "$process/environ" 2>/dev/null; then
            kill -KILL "${process#/proc/}" 2>/dev/null && left=$((left + 1))
        fi
    done
    [ "$left" = 0 ] || echo "ended $left processes that tests had left behind"
}

# run NAME COMMAND...: the tests with a program `interchange.py` first on PATH that notes who started it.
run() {
    local name=$1
    shift
    local directory=$output/$name
    rm -rf "$directory"
    mkdir -p "$directory/bin" "$directory/work"
    : >"$directory/starts.log"
    {
        echo '#!/bin/sh'
        echo "printf '%s\\n' \"\${PYTEST_CURRENT_TEST:-outside a test}\" >>'$directory/starts.log'"
        printf 'exec'
        printf " '%s'" "$@"
        echo ' "$@"'
    } >"$directory/bin/interchange.py"
    chmod 755 "$directory/bin/interchange.py"
    echo "== $name: $*"
    # Parsl's tests write below the current directory. The whole run is bounded too, in case pytest itself hangs.
    (
        cd "$directory/work"
        export APUS_CONFORMANCE="$name-$$"
        PATH="$directory/bin:$venv/bin:$PATH" timeout --kill-after=10 3600 \
            "$python" -m pytest "$tests/test_htex" --config local --rootdir "$tests" --confcutdir "$tests" \
            -p no:cacheprovider --timeout "$limit" --timeout-method signal --durations 5 -q \
            --junit-xml "$directory/junit.xml" "${pytest_arguments[@]}" >"$directory/output.txt" 2>&1
    ) || true
    end_leftovers "$name-$$"
    tail -n 1 "$directory/output.txt"
    if [ ! -s "$directory/junit.xml" ]; then
        echo "parsl-htex.sh: pytest ended without a report; its output is $directory/output.txt" >&2
        return 1
    fi
}

pytest_arguments=("$@")
mkdir -p "$output"
[ -z "$run_stock" ] || run stock "$venv/bin/interchange.py"
if [ -n "$run_ours" ]; then
    apus=$(find_apus)
    run apus "$apus" interchange --parsl-version "$parsl_version" --python-version "$python_version"
fi
exec "$python" "$root/Tests/Conformance/compare.py" --parsl "$parsl_version" ${markdown:+--markdown "$markdown"} \
    "$output/stock" "$output/apus"
