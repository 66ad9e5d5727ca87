import Glibc
import SystemSupport

/// A directory of its own for one test, removed at its end.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func text(_ name: String) throws -> String { try SmallFile.readText(file(name)) }

    deinit {
        guard path != "/tmp" else { return }
        var options = ChildProcess.Options(executable: "/bin/rm", arguments: ["rm", "-rf", path])
        options.standardError = .null
        _ = try? ChildProcess(spawning: options).wait()
    }
}

/// Asks again and again until `condition` holds or the time is over; true when it held.
func eventually(within limit: Duration = .seconds(60), _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Monotonic.deadline(after: limit)
    repeat {
        if try condition() { return true }
        sched_yield()
    } while Monotonic.nanoseconds < deadline
    return try condition()
}

/// A shell that runs `script`.
func shell(_ script: String) -> ChildProcess.Options {
    ChildProcess.Options(executable: "/bin/sh", arguments: ["sh", "-c", script])
}
