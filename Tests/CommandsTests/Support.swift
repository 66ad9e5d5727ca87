import Commands
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

    /// The number in a file, once it is there.
    func number(_ name: String) -> Int32? {
        guard let text = try? text(name), text.hasSuffix("\n") else { return nil }
        return Int32(text.dropLast())
    }

    /// The names in the directory, sorted.
    var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    deinit {
        guard path != "/tmp" else { return }
        var options = ChildProcess.Options(executable: "/bin/rm", arguments: ["rm", "-rf", path])
        options.standardError = .null
        _ = try? ChildProcess(spawning: options).wait()
    }
}

/// Whether a process runs; one that has ended and waits to be reaped does not.
func isRunning(_ pid: Int32) -> Bool {
    guard let text = try? SmallFile.readText("/proc/\(pid)/stat"), let bracket = text.lastIndex(of: ")") else {
        return false
    }
    return !text[bracket...].hasPrefix(") Z")
}
