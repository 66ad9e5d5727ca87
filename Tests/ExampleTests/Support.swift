import Glibc
import SystemSupport
import Testing

/// What a program left when it had ended.
struct Finished {
    /// Its exit code, or 128 plus the signal that ended it.
    var code: Int32
    var output: String
    var errors: String
}

/// The programs of `Examples/`, as built beside these tests.
enum Example {
    /// The folder with the built products: the test program itself lies in it.
    static let products: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    }()

    /// Runs an example in a folder and waits at most five minutes for its end.
    static func run(_ name: String, _ arguments: [String], in folder: TemporaryFolder) throws -> Finished {
        let path = products + "/" + name
        try #require(access(path, X_OK) == 0, "\(path) is missing; build it with 'swift build --build-tests'")
        return try run(path: path, arguments, in: folder)
    }

    /// Runs a command of the shell.
    static func shell(_ command: String, in folder: TemporaryFolder) throws -> Finished {
        try run(path: "/bin/bash", ["-o", "pipefail", "-c", command], in: folder)
    }

    static func run(path: String, _ arguments: [String], in folder: TemporaryFolder) throws -> Finished {
        let output = folder.path + "/.stdout"
        let errors = folder.path + "/.stderr"
        let options = ChildProcess.Options(
            executable: path, arguments: [path] + arguments, workingDirectory: folder.path,
            standardOutput: .file(output, append: false), standardError: .file(errors, append: false),
            endsGroupWithLeader: true)
        let child = try ChildProcess(spawning: options)
        let status = child.wait(deadlineNanoseconds: Monotonic.deadline(after: .seconds(300)))
        let end = try SmallFile.readText(errors, limit: 1 << 24)
        let ended = try #require(status, "\(path) \(arguments) still ran after five minutes; it said: \(end)")
        return Finished(
            code: ended.shellCode, output: try SmallFile.readText(output, limit: 1 << 24), errors: end)
    }
}

/// A folder of its own for one test, removed at its end.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/apus-examples-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) }, "no folder can be made in /tmp")
    }

    /// Writes a file, with the folders above it.
    func write(_ name: String, _ bytes: [UInt8]) throws {
        var folder = path
        for part in name.split(separator: "/").dropLast() {
            folder += "/" + part
            mkdir(folder, 0o700)
        }
        try SmallFile.write(bytes, to: path + "/" + name, mode: 0o600)
    }

    deinit {
        let options = ChildProcess.Options(executable: "rm", arguments: ["rm", "-rf", path])
        _ = try? ChildProcess(spawning: options).wait()
    }
}

/// Both places where calls can run, as the examples' options.
let placements: [[String]] = [[], ["--on", "threads"]]
