/// Commands of batch schedulers as shell scripts that run jobs as processes of this machine.
///
/// They take the arguments and print the forms of the real ones. A job is pending when it is first asked for, then runs.
enum StandInScripts {
    /// What all of them begin with: jobs are files beside the scripts.
    private static let common = #"""
        S=$(dirname "$0")/jobs; mkdir -p "$S"
        launch() {  # script, output, error; sets id
            id=$(cat "$S/next" 2>/dev/null || echo 100); echo $((id + 1)) >"$S/next"
            setsid bash -c 'trap : TERM; echo $$ >"$4.pid"; bash "$1" >"$2" 2>"$3"; echo $? >"$4.exit"' \
                _ "$1" "$2" "$3" "$S/$id" </dev/null >/dev/null 2>&1 &
            until [ -s "$S/$id.pid" ]; do sleep 0.01; done
        }
        state() {  # id
            if [ ! -f "$S/$1.pid" ]; then echo gone
            elif [ -f "$S/$1.exit" ]; then echo over
            elif [ -f "$S/$1.asked" ]; then echo running
            else touch "$S/$1.asked"; echo pending; fi
        }
        end() {  # id
            touch "$S/$1.cancelled"; kill -TERM -- "-$(cat "$S/$1.pid")"
        }
        directive() {  # script, marker, option
            sed -n "s/^#$2 $3 //p" "$1"
        }

        """#

    static let gridEngine: [String: String] = [
        "qsub": common + #"""
            [ "$1" = -terse ] || exit 1
            launch "$2" "$(directive "$2" '\$' -o)" "$(directive "$2" '\$' -e)"; echo "$id"
            """#,
        "qstat": common + #"""
            echo 'job-ID  prior   name       user         state submit/start at     queue   slots ja-task-ID'
            echo '------------------------------------------------------------------------------------------'
            for file in "$S"/*.pid; do
                id=$(basename "$file" .pid)
                case $(state "$id") in
                pending) echo "    $id 0.00000 apus.block me           qw    11/21/2026 14:02:12               1" ;;
                running) echo "    $id 0.55500 apus.block me           r     11/21/2026 14:02:12 all.q@n1      1" ;;
                esac
            done
            """#,
        "qacct": common + #"""
            [ "$(state "$2")" = over ] || { echo "error: job id $2 not found" >&2; exit 1; }
            exit=$(cat "$S/$2.exit"); failed=0; by=NONE
            [ "$exit" -lt 128 ] || failed='100 : assumedly after job'
            [ ! -f "$S/$2.cancelled" ] || by=me@localhost
            printf '%-12s %s\n' jobnumber "$2" failed "$failed" deleted_by "$by" exit_status "$exit" ru_wallclock 1.0
            """#,
        "qdel": common + #"""
            for id; do
                if [ "$(state "$id")" = over ]; then echo "denied: job \"$id\" does not exist"; code=1
                else end "$id"; echo "me has registered the job $id for deletion"; fi
            done
            exit ${code:-0}
            """#,
    ]

    private static let qsub =
        common + #"""
            for script; do :; done
            launch "$script" "$(directive "$script" PBS -o)" "$(directive "$script" PBS -e)"; echo "$id.standin"
            """#
    private static let qdel =
        common + #"""
            for name; do
                id=${name%%.*}
                if [ "$(state "$id")" = over ]; then echo "qdel: Job has finished $name" >&2; code=35; else end "$id"; fi
            done
            exit ${code:-0}
            """#

    private static func qstat(options: String, over: String) -> String {
        common + #"""
            while [ "${1#-}" != "$1" ]; do given="$given$1 "; shift; done
            [ "$given" = "\#(options) " ] || { echo "qstat: bad options $given" >&2; exit 2; }
            for name; do
                id=${name%%.*}; state=$(state "$id")
                [ "$state" != gone ] || { echo "qstat: Unknown Job Id $name" >&2; code=153; continue; }
                printf 'Job Id: %s\n    Job_Name = apus\n' "$name"
                case $state in
                pending) echo '    job_state = Q' ;;
                running) echo '    job_state = R' ;;
                over)
                    exit=$(cat "$S/$id.exit"); [ "$exit" -lt 128 ] || exit=$((exit + 128))
            \#(over)
                esac
                echo
            done
            exit ${code:-0}
            """#
    }

    static let pbsPro: [String: String] = [
        "qsub": qsub, "qdel": qdel,
        "qstat": qstat(
            options: "-x -f",
            over: #"""
                        printf '    job_state = F\n    Exit_status = %s\n' "$exit"
                        [ ! -f "$S/$id.cancelled" ] || echo '    substate = 91' ;;
                """#),
    ]

    static let torque: [String: String] = [
        "qsub": qsub, "qdel": qdel,
        "qstat": qstat(
            options: "-f", over: #"        printf '    job_state = C\n    exit_status = %s\n' "$exit" ;;"#),
    ]

    static let lsf: [String: String] = [
        "bsub": common + #"""
            script=$(mktemp "$S/script.XXXXXX"); cat >"$script"
            launch "$script" "$(directive "$script" BSUB -o)" "$(directive "$script" BSUB -e)"
            echo "Job <$id> is submitted to queue <normal>."
            """#,
        "bjobs": common + #"""
            [ "$1 $2" = "-noheader -o" ] || exit 2
            shift 3
            for id; do
                case $(state "$id") in
                gone) echo "Job <$id> is not found" >&2; code=255 ;;
                pending) echo "$id|PEND|-|-" ;;
                running) echo "$id|RUN|-|-" ;;
                over)
                    exit=$(cat "$S/$id.exit"); why=-
                    [ ! -f "$S/$id.cancelled" ] || why='TERM_OWNER: job killed by owner'
                    if [ "$exit" = 0 ]; then echo "$id|DONE|0|-"; else echo "$id|EXIT|$exit|$why"; fi ;;
                esac
            done
            exit ${code:-0}
            """#,
        "bkill": common + #"""
            for id; do
                if [ "$(state "$id")" = over ]; then echo "Job <$id>: Job has already finished" >&2; code=255
                else end "$id"; echo "Job <$id> is being terminated"; fi
            done
            exit ${code:-0}
            """#,
    ]

    static let condor: [String: String] = [
        "condor_submit": common + #"""
            entry() { sed -n "s/^$1 = //p" "$2"; }
            script=$(entry transfer_input_files "$1")
            launch "${script%%,*}" "$(entry output "$1")" "$(entry error "$1")"
            printf 'Submitting job(s).\n1 job(s) submitted to cluster %s.\n' "$id"
            """#,
        "condor_q": common + #"""
            while [ "$1" != -af:jr ]; do
                id=${1%%.*}; shift
                case $(state "$id") in
                pending) echo "$id.0 1 undefined undefined undefined" ;;
                running) echo "$id.0 2 undefined undefined undefined" ;;
                over)
                    if [ -f "$S/$id.cancelled" ]; then
                        echo "$id.0 3 undefined undefined \"via condor_rm (by user me)\""
                    else echo "$id.0 4 $(cat "$S/$id.exit") undefined undefined"; fi ;;
                esac
            done
            """#,
        "condor_rm": common + #"""
            for name; do
                id=${name%%.*}
                if [ "$(state "$id")" = over ]; then echo "Job $name not found" >&2; code=1
                else end "$id"; echo "Job $name marked for removal"; fi
            done
            exit ${code:-0}
            """#,
    ]
}
