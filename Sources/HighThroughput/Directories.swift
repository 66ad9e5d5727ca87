import Glibc
import SystemSupport

/// The few questions an executor asks about directories and the terminal.
enum Directories {
    /// Makes a directory that only its owner can enter, with all that is missing above it.
    static func makePrivate(_ path: String) throws(SystemError) {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += part
            if mkdir(prefix, 0o700) != 0, errno != EEXIST {
                throw .last(
                    "make the directory \(prefix)", remedy: "set `runDirectory` to a place this user may write to")
            }
            prefix += "/"
        }
    }

    /// The working directory.
    static var current: String {
        guard let raw = getcwd(nil, 0) else { return "/" }
        defer { free(raw) }
        return String(cString: raw)
    }

    /// Whether a person sees what goes to standard error.
    static var standardErrorIsTerminal: Bool { isatty(2) == 1 }
}
