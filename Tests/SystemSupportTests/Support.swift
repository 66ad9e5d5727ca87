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

/// A shell that runs `script`.
func shell(_ script: String) -> ChildProcess.Options {
    ChildProcess.Options(executable: "/bin/sh", arguments: ["sh", "-c", script])
}
