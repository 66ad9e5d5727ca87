import Glibc
import SystemSupport
import Testing

/// Waits until something is so, with a deadline.
func eventually(within seconds: Double, _ condition: () -> Bool) -> Bool {
    let deadline = Monotonic.nanoseconds + UInt64(seconds * 1e9)
    while Monotonic.nanoseconds < deadline {
        if condition() { return true }
        usleep(100_000)
    }
    return condition()
}

/// Slurm's commands.
enum Slurm {
    /// Whether there are nodes.
    static let isThere = run(["sinfo", "--noheader", "--Node", "--format=%T"]).contains("idle")
    static let hint: Comment =
        "there is no Slurm here; start one with: Tests/Support/slurm-cluster.sh run swift test --filter SlurmTests"

    /// Runs a command and returns what it prints on both streams; nothing when it is not there.
    @discardableResult
    static func run(_ words: [String]) -> String {
        guard let output = try? MemoryFile("output"),
            let child = try? ChildProcess(
                spawning: ChildProcess.Options(
                    executable: words[0], arguments: words, standardOutput: .descriptor(output.descriptor),
                    standardError: .descriptor(output.descriptor)))
        else { return "" }
        _ = child.wait(deadlineNanoseconds: Monotonic.nanoseconds + 20_000_000_000)
        return String(decoding: output.read(limit: 1 << 20), as: UTF8.self)
    }

    /// Jobs of a run that are not over; they have some seconds to end.
    static func openJobs(_ run: ClusterRun) -> String {
        let prefix = "apus.htex.block"
        var left = ""
        _ = eventually(within: 15) {
            left = Slurm.run(["squeue", "--noheader", "--format=%j %T"]).split(separator: "\n")
                .filter { $0.hasPrefix(prefix) }.joined(separator: "\n")
            return left.isEmpty
        }
        return left
    }
}

/// One run of ClusterProgram.
final class ClusterRun {
    let child: ChildProcess
    let directory: String

    /// Starts the program in an empty directory.
    ///
    /// - Parameters:
    ///   - arguments: its arguments.
    ///   - settings: variables that say how.
    ///   - prepare: fills a folder before the start.
    ///   - more: further arguments, made from that folder's name.
    init(
        _ arguments: [String], _ settings: [String: String] = [:], prepare: (String) throws -> Void = { _ in },
        more: (String) -> [String] = { _ in [] }
    ) throws {
        var template = Array("/tmp/apus-cluster-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory for a test") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = directory + "/input"
        mkdir(folder, 0o755)
        try prepare(folder)
        child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: Self.program, arguments: ["ClusterProgram"] + arguments + more(folder),
                environment: EnvironmentVariables.all.merging(settings) { $1 }, workingDirectory: directory,
                standardOutput: .file(directory + "/stdout", append: false),
                standardError: .file(directory + "/stderr", append: false), ownProcessGroup: true))
    }

    deinit {
        if child.poll() == nil {
            child.signal(SIGINT)
            _ = finish(within: 20)
        }
        Slurm.run(["rm", "-rf", "--", directory])
    }

    /// The program, beside the tests' own.
    private static var program: String {
        for path in CommandLine.arguments.filter({ $0.contains(".xctest") }) + [CurrentProcess.executablePath] {
            var folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            while folder.count > 1 {
                let candidate = folder.joined(separator: "/") + "/ClusterProgram"
                if access(candidate, X_OK) == 0 { return candidate }
                folder = folder.dropLast()
            }
        }
        return "ClusterProgram"
    }

    var output: String { text("stdout") }
    var errors: String { text("stderr") }
    /// What became of the blocks.
    var log: String { text("runinfo/000/htex/blocks.log") }

    private func text(_ name: String) -> String {
        (try? SmallFile.readText("\(directory)/\(name)", limit: 1 << 24)) ?? ""
    }

    /// Waits for the end; nil when it does not come.
    func finish(within seconds: Double = 90) -> SystemSupport.ExitStatus? {
        child.wait(deadlineNanoseconds: Monotonic.nanoseconds + UInt64(seconds * 1e9))
    }

    /// The number of the first block's job.
    func firstJob() -> String? {
        let marker = "block 0 is job "
        var job: String?
        _ = eventually(within: 30) {
            job = log.split(separator: "\n").first { $0.contains(marker) }.flatMap { line in
                line.range(after: marker).map { String($0.prefix { $0.isNumber }) }
            }
            return job != nil
        }
        return job
    }

    /// Waits until a manager has registered.
    func waitsForWorkers() -> Bool {
        eventually(within: 60) { text("runinfo/000/htex/interchange.log").contains("registered") }
    }
}

extension Substring {
    /// What follows a text; nil when it does not occur.
    fileprivate func range(after text: String) -> Substring? {
        var rest = self
        while !rest.isEmpty {
            if rest.hasPrefix(text) { return rest.dropFirst(text.count) }
            rest = rest.dropFirst()
        }
        return nil
    }
}
