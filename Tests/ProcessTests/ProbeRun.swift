import Glibc
import SystemSupport
import TestSupport
import Testing

/// One run of the probe program, with everything it printed.
final class ProbeRun {
    let child: ChildProcess
    let directory: String
    private let outputPath: String
    private let errorPath: String

    /// Starts the probe in an empty directory of its own.
    init(
        _ arguments: [String], program: String = "ProbeProgram", environment extra: [String: String] = [:]
    ) throws {
        directory = try Self.makeDirectory()
        outputPath = directory + "/stdout"
        errorPath = directory + "/stderr"
        var environment = EnvironmentVariables.all
        for (key, value) in extra { environment[key] = value }
        child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: Command.built(program), arguments: [program] + arguments, environment: environment,
                workingDirectory: directory, standardOutput: .file(outputPath, append: false),
                standardError: .file(errorPath, append: false)))
    }

    deinit {
        child.signalGroup(SIGKILL)
        _ = child.wait()
        _ = Self.remove(directory)
    }

    private static func makeDirectory() throws -> String {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory for a test") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func remove(_ directory: String) -> SystemSupport.ExitStatus? {
        try? ChildProcess(
            spawning: ChildProcess.Options(
                executable: "/bin/rm", arguments: ["rm", "-rf", directory], standardOutput: .null,
                standardError: .null)
        ).wait()
    }

    /// What the program has printed so far.
    var output: String { (try? SmallFile.readText(outputPath, limit: 1 << 24)) ?? "" }
    /// What it has said on standard error.
    var errors: String { (try? SmallFile.readText(errorPath, limit: 1 << 24)) ?? "" }
    /// A file in its directory.
    func file(_ name: String) -> String { (try? SmallFile.readText(directory + "/" + name, limit: 1 << 24)) ?? "" }

    /// Whether there is a file in its directory.
    func has(_ name: String) -> Bool { access(directory + "/" + name, F_OK) == 0 }

    /// Waits for the program's end; kills it after the deadline.
    func finish(within seconds: Double = 90) -> SystemSupport.ExitStatus? {
        let deadline = Monotonic.nanoseconds + UInt64(seconds * 1e9)
        if let status = child.wait(deadlineNanoseconds: deadline) { return status }
        return nil
    }

    /// Waits until the program has printed a line that begins so.
    func waits(for prefix: String, within seconds: Double = 60) -> Bool {
        eventually(within: seconds) { self.output.split(separator: "\n").contains { $0.hasPrefix(prefix) } }
    }

    /// The rest of the line that begins with `name: `.
    func line(_ name: String) -> String? {
        output.split(separator: "\n").first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
    }

    /// The number in the line that begins so.
    func number(_ prefix: String) -> Int? {
        line(prefix).flatMap { rest in Int(rest.drop { !$0.isNumber }.prefix { $0.isNumber }) }
    }

    /// The processes the program has named.
    var processes: [(name: String, pid: Int32)] {
        output.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "process", let pid = Int32(words[2]) else { return nil }
            return (String(words[1]), pid)
        }
    }

    /// The processes of the run that still exist; none may, some time after its end.
    func survivors(within seconds: Double = 60) -> [Int32] {
        _ = eventually(within: seconds) { self.alive.isEmpty }
        return alive
    }

    private var alive: [Int32] { processes.map(\.pid).filter { kill($0, 0) == 0 } }
}

/// Other programs that tests run.
enum Command {
    /// The path of a program that is built beside the tests.
    static func built(_ name: String) -> String {
        // The toolchain's test runner loads the bundle that its arguments name; elsewhere the tests are the program.
        for path in CommandLine.arguments.filter({ $0.contains(".xctest") }) + [CurrentProcess.executablePath] {
            var folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            while folder.count > 1 {
                let candidate = folder.joined(separator: "/") + "/" + name
                if access(candidate, X_OK) == 0 { return candidate }
                folder = folder.dropLast()
            }
        }
        return name
    }

    /// What a program prints.
    static func output(_ program: String, _ arguments: [String]) throws -> String {
        let path = "/tmp/apus-test-output-\(CurrentProcess.pid)-\(Monotonic.nanoseconds)"
        defer { unlink(path) }
        let child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: program, arguments: [program] + arguments, standardOutput: .file(path, append: false),
                standardError: .null))
        _ = child.wait()
        return try SmallFile.readText(path)
    }
}
