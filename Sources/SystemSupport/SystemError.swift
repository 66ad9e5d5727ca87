import Glibc

/// A refused system call: what was tried, what came back, what to do.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The `errno` that came back.
    package var code: Int32
    /// What was tried, with its values: "start the program '/bin/x'".
    package var attempt: String
    /// What the reader can do about it; empty when there is nothing to say.
    package var remedy: String

    /// Makes an error from an `errno` that was read at once after the call.
    package init(code: Int32, attempt: String, remedy: String = "") {
        self.code = code
        self.attempt = attempt
        self.remedy = remedy.isEmpty ? Self.usualRemedy(code) : remedy
    }

    /// The error of the call just made on this thread.
    package static func last(_ attempt: @autoclosure () -> String, remedy: String = "") -> SystemError {
        let code = errno  // before the text is put together, which may make calls of its own
        return SystemError(code: code, attempt: attempt(), remedy: remedy)
    }

    /// The text the system has for the code.
    package var reason: String { String(cString: strerror(code)) }

    /// "could not …: No such file or directory (errno 2); …".
    package var description: String {
        "could not \(attempt): \(reason) (errno \(code))" + (remedy.isEmpty ? "" : "; \(remedy)")
    }

    private static func usualRemedy(_ code: Int32) -> String {
        switch code {
        case EMFILE, ENFILE: "raise the limit on open files (ulimit -n)"
        case EAGAIN, ENOMEM: "raise the limits on processes and memory (ulimit -u, ulimit -v) or start fewer processes"
        case EACCES, EPERM: "check the owner and the permissions"
        case ENOENT: "check that the path exists on this host"
        case ENOSPC: "make room on the file system"
        default: ""
        }
    }
}
