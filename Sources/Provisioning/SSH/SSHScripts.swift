import Commands
import WorkflowCore

/// What runs on a host, as pure functions: texts for the `sh` of that host.
///
/// They come on the standard input of `sh`, so that no login shell has to understand them, and no secret is in an argument.
/// Each begins with a brace that is closed at its end: a text of which only a part arrives does nothing.
enum SSHScripts {
    /// Where a job's files are on a host, as shell text that sets `apus_root`.
    static func root(_ directory: String?) -> String {
        let place = directory.map { ShellQuote.quote($0) } ?? #"${TMPDIR:-/tmp}/apus-ssh-$(id -u)"#
        return "apus_root=\(place)\n" + common
    }

    /// A process has a number that another may get after it; with the time of its start, and that of the machine, it is unique.
    private static let common = #"""
        apus_answer() { printf 'apus-ssh %s\n' "$*"; }
        apus_boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
        apus_since() {
            apus_stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
            set -- ${apus_stat##*) }
            [ "$1" != Z ] && echo "${20}"
        }
        apus_lives() {
            read -r apus_pid apus_start apus_then <"$1/pid" 2>/dev/null || return 1
            [ "$apus_then" = "$apus_boot" ] && [ "$(apus_since "$apus_pid")" = "$apus_start" ]
        }

        """#

    /// Starts a job in a session of its own, once: a second call finds it there.
    ///
    /// - Parameters:
    ///   - name: the job's name.
    ///   - body: the shell text of the job.
    ///   - parameters: what is written into a file of the job, for its user alone.
    ///   - walltime: seconds after which the job is ended.
    ///   - preparation: shell text before anything is made.
    static func start(
        name: String, root directory: String?, body: String, parameters: [UInt8]?, walltime: Int?,
        preparation: String = ""
    ) -> String {
        let limit = walltime.map { "timeout -k 15 \($0) " } ?? ""
        let supervisor = """
            apus_job=$1
            \(common)
            echo "$$ $(apus_since $$) $apus_boot" >"$apus_job/pid.new" && mv "$apus_job/pid.new" "$apus_job/pid"
            \(limit)/bin/sh "$apus_job/body.sh" "$apus_job" &
            apus_child=$!
            trap 'kill -TERM "$apus_child" 2>/dev/null' TERM INT HUP
            # A signal ends the wait before the child has ended.
            while :; do
                wait "$apus_child"
                apus_code=$?
                kill -0 "$apus_child" 2>/dev/null || break
            done
            rm -rf "$apus_job/parameters" "$apus_job/certificates"
            echo "$apus_code" >"$apus_job/exit.new" && mv "$apus_job/exit.new" "$apus_job/exit"

            """
        var text = "{\napus_mask=$(umask)\numask 077\n" + root(directory) + preparation
        text += """
            apus_job=$apus_root/\(ShellQuote.quote(name))
            if [ -s "$apus_job/pid" ]; then apus_answer started; exit 0; fi
            mkdir -p -m 700 -- "$apus_root" "$apus_job" || exit 73
            if [ -L "$apus_root" ] || [ ! -O "$apus_root" ]; then
                echo "apus: '$apus_root' belongs to somebody else; name another directory for jobs" >&2
                exit 73
            fi
            # Jobs that ended more than a week ago.
            find "$apus_root" -mindepth 2 -maxdepth 2 -name exit -mtime +7 | while read -r apus_old; do
                rm -rf -- "${apus_old%/exit}"
            done

            """
        if let parameters {
            text += "base64 -d >\"$apus_job/parameters\" <<'APUS-END' || exit 73\n"
            text += Base64.text(parameters, lineLength: 76) + "APUS-END\n"
        }
        text += file("supervisor.sh", supervisor) + file("body.sh", body)
        text += """
            (
                umask "$apus_mask"
                APUS_SSH_JOB=\(ShellQuote.quote(name)) exec setsid /bin/sh "$apus_job/supervisor.sh" "$apus_job"
            ) </dev/null >>"$apus_job/log" 2>&1 &
            apus_tries=0
            while [ ! -s "$apus_job/pid" ] && [ "$apus_tries" -lt 100 ]; do
                sleep 0.1
                apus_tries=$((apus_tries + 1))
            done
            if [ -s "$apus_job/pid" ]; then apus_answer started; exit 0; fi
            echo "apus: the job did not start within 10 s" >&2
            cat "$apus_job/log" >&2
            exit 73
            }

            """
        return text
    }

    /// Asks for the program when the host has no copy of it, before a job is made.
    static func programCheck(_ cache: ExecutableCache, digest: String) -> String {
        """
        \(cache.functions)
        apus_sum=\(digest)
        apus_run true
        case $? in
        0) ;;
        75) apus_answer wanted; exit 0 ;;
        *) exit 73 ;;
        esac

        """
    }

    /// The job of a host that has a copy of the program.
    static func copiedBody(
        _ job: JobRequest, _ program: JobProgram, cache: ExecutableCache, digest: String, workingDirectory: String?,
        workerInit: String
    ) -> String {
        var text = "apus_job=$1\n"
        for (name, value) in job.environment.sorted(by: { $0.key < $1.key }) {
            text += "export \(name)=\(ShellQuote.quote(value))\n"
        }
        text += "cd -- \(workingDirectory.map { ShellQuote.quote($0) } ?? "\"$apus_job\"") || exit 72\n"
        if !workerInit.isEmpty { text += "\n\(workerInit)\n\n" }
        let command = program.command(
            executable: "\"$apus_program\"", parameters: "\"$apus_job/parameters\"", logs: "\"$apus_job\"")
        return text + """
            \(cache.functions)
            apus_sum=\(digest)
            apus_start() {
                exec \(command)
            }
            apus_run apus_start

            """
    }

    /// Tells what became of jobs: a line for each.
    static func status(names: [String], root directory: String?) -> String {
        "{\n" + root(directory) + """
            for apus_name in \(ShellQuote.quote(names)); do
                apus_job=$apus_root/$apus_name
                if [ -s "$apus_job/exit" ]; then
                    apus_answer "$apus_name" exited "$(cat "$apus_job/exit")" \\
                        "$(tail -c 3000 "$apus_job/log" 2>/dev/null | base64 | tr -d '\\n')"
                elif [ ! -s "$apus_job/pid" ]; then
                    apus_answer "$apus_name" absent
                elif apus_lives "$apus_job"; then
                    apus_answer "$apus_name" running
                elif [ "$apus_then" != "$apus_boot" ]; then
                    apus_answer "$apus_name" rebooted
                elif [ -s "$apus_job/exit" ]; then
                    # It ended between two looks.
                    apus_answer "$apus_name" exited "$(cat "$apus_job/exit")"
                else
                    apus_answer "$apus_name" killed - \\
                        "$(tail -c 3000 "$apus_job/log" 2>/dev/null | base64 | tr -d '\\n')"
                fi
            done
            exit 0
            }

            """
    }

    /// Ends jobs: asks, waits, and then kills what still bears the job's name in its environment.
    static func cancel(names: [String], root directory: String?, graceSeconds: Int) -> String {
        "{\n" + root(directory) + """
            for apus_name in \(ShellQuote.quote(names)); do
                if apus_lives "$apus_root/$apus_name"; then kill -TERM "$apus_pid"; fi
            done
            for apus_name in \(ShellQuote.quote(names)); do
                apus_tries=0
                while apus_lives "$apus_root/$apus_name" && [ "$apus_tries" -lt \(graceSeconds * 10) ]; do
                    sleep 0.1
                    apus_tries=$((apus_tries + 1))
                done
                for apus_process in /proc/[0-9]*; do
                    if [ -O "$apus_process/environ" ] &&
                        tr '\\0' '\\n' <"$apus_process/environ" 2>/dev/null | grep -qxF "APUS_SSH_JOB=$apus_name"; then
                        kill -KILL "${apus_process#/proc/}" 2>/dev/null
                    fi
                done
                rm -rf "$apus_root/$apus_name/parameters" "$apus_root/$apus_name/certificates"
                apus_answer "$apus_name" ended
            done
            exit 0
            }

            """
    }

    /// A command for any login shell, which stores a program that comes on standard input.
    static func store(_ cache: ExecutableCache, digest: String) -> String {
        let script = "umask 077\napus_sum=\(digest)\n" + cache.functions + "\napus_store && echo apus-ssh stored\n"
        // Letters and digits in single quotes, in one line: even csh takes them as they are.
        return "/bin/sh -c 'eval \"$(echo \(Base64.text(Array(script.utf8))) | base64 -d)\"'"
    }

    private static func file(_ name: String, _ content: String) -> String {
        "base64 -d >\"$apus_job/\(name)\" <<'APUS-END' || exit 73\n"
            + Base64.text(Array(content.utf8), lineLength: 76) + "APUS-END\n"
    }
}
