import Commands

/// A directory of a node in which programs are kept under the SHA-256 of their content.
///
/// Programs come there by a rename, so that a file under its name is always whole. Hundreds of starts at the same time make
/// one copy: the first that holds the lock makes it, the others wait for it. Of old programs the newest few are kept, and
/// those that run.
public struct ExecutableCache: Sendable, Hashable {
    /// The directory, which belongs to the user alone.
    ///
    /// `nil` is `apus-programs-UID` in the node's directory for temporary files.
    public var directory: String?
    /// How many programs are kept there.
    public var limit: Int

    /// A cache.
    public init(directory: String? = nil, limit: Int = 8) {
        self.directory = directory
        self.limit = limit
    }

    /// What is wrong with the values; `nil` when they can work.
    public var fault: String? {
        if let directory, !directory.hasPrefix("/") || directory.contains(where: \.isNewline) {
            return "executable.cache.directory is '\(directory)'; it is a path from the root, in one line"
        }
        if limit < 1 { return "executable.cache.limit is \(limit); at least the program of this run is kept" }
        return nil
    }

    /// Shell functions for POSIX shells; the text has no secret and no name of a program in it.
    ///
    /// After them, `apus_run COMMAND` runs `COMMAND`, a shell function, when the cache has the program `$apus_sum`, whose
    /// path is then `$apus_program`, and returns 75 when it has not. `apus_store` takes a program from its standard input.
    public var functions: String {
        let place = directory.map { ShellQuote.quote($0) } ?? #"${TMPDIR:-/tmp}/apus-programs-$(id -u)"#
        return """
            apus_cache=\(place)
            apus_limit=\(limit)

            """ + Self.shell
    }

    /// The script of a job whose nodes see the program, and shall keep a copy of it.
    ///
    /// - Parameters:
    ///   - executable: the file, as nodes see it.
    ///   - digest: its SHA-256, in 64 hexadecimal digits.
    ///   - command: a shell command with `"$apus_program"` for the program.
    public func script(executable: String, digest: String, command: String) -> String {
        """
        #!/bin/sh
        # Starts a program from the copy that this node keeps of it; the first start makes the copy.
        \(functions)
        apus_sum=\(ShellQuote.quote(digest))
        apus_source=\(ShellQuote.quote(executable))
        apus_start() {
            exec \(command)
        }
        apus_tries=0
        while [ "$apus_tries" -lt 3 ]; do
            apus_run apus_start
            [ $? = 75 ] || exit
            apus_store <"$apus_source" || exit 73
            apus_tries=$((apus_tries + 1))
        done
        echo "apus: '$apus_cache' loses what is stored in it" >&2
        exit 73

        """
    }

    // The descriptor 9 stays open in the program: its lock says that the copy is in use. Without `flock` nothing is
    // locked: then each start makes its own copy, which is wasteful and safe, and only what is very old is removed.
    private static let shell = #"""
        apus_prepare() {
            mkdir -p -m 700 -- "$apus_cache" || return 73
            if [ -L "$apus_cache" ] || [ ! -O "$apus_cache" ]; then
                echo "apus: '$apus_cache' belongs to somebody else; name another directory for programs" >&2
                return 73
            fi
            chmod 700 -- "$apus_cache"
        }
        apus_lock() {
            if command -v flock >/dev/null 2>&1; then flock "$@" 2>/dev/null; else return 0; fi
        }
        apus_run() {
            apus_prepare || exit 73
            apus_program=$apus_cache/$apus_sum
            [ -f "$apus_program" ] || return 75
            if [ ! -x "$apus_program" ]; then
                echo "apus: '$apus_program' cannot be run; programs may not be run from that file system" >&2
                exit 73
            fi
            touch -c -- "$apus_program"
            apus_hold "$1" 9<"$apus_program"
            apus_code=$?
            # It was removed after the look above, when nobody held it.
            [ -f "$apus_program" ] || return 75
            return "$apus_code"
        }
        apus_hold() {
            apus_lock -s 9
            [ -f "$apus_program" ] || return 75
            "$1"
        }
        apus_store() {
            apus_prepare || return
            apus_store_locked 8>"$apus_cache/.lock"
        }
        apus_store_locked() {
            apus_lock -x -w 600 8
            [ ! -f "$apus_cache/$apus_sum" ] || return 0
            apus_new=$apus_cache/.new.$apus_sum.$$
            if ! cat >"$apus_new" || [ "$(sha256sum <"$apus_new" | cut -c 1-64)" != "$apus_sum" ]; then
                rm -f -- "$apus_new"
                echo "apus: what came for '$apus_cache' is not the program $apus_sum; is there room on $(uname -n)?" >&2
                return 73
            fi
            chmod 700 -- "$apus_new" && mv -f -- "$apus_new" "$apus_cache/$apus_sum" || return 73
            apus_prune
            return 0
        }
        apus_prune() {
            find "$apus_cache" -name '.new.*' -mmin +60 -exec rm -f -- {} +
            ls -t -- "$apus_cache" | tail -n "+$((apus_limit + 1))" | while read -r apus_old; do
                apus_old=$apus_cache/$apus_old
                if command -v flock >/dev/null 2>&1; then apus_age=+5; else apus_age=+43200; fi
                [ -n "$(find "$apus_old" -prune -mmin "$apus_age")" ] || continue
                apus_drop 7<"$apus_old"
            done
        }
        apus_drop() {
            apus_lock -n -x 7 && rm -f -- "$apus_old"
        }
        """#
}
