import Glibc
import SystemSupport
import TestSupport
import Testing

/// Slurm's commands.
enum Slurm {
    /// Whether there are nodes.
    static let isThere = run(["sinfo", "--noheader", "--Node", "--format=%T"]).contains("idle")
    static let hint: Comment =
        "there is no Slurm here; start one with: Tests/Support/slurm-cluster.sh run swift test --filter RealSlurm"

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

    /// The node of a job of one node, also a while after its end.
    static func node(of job: String) -> String {
        let words = run(["scontrol", "show", "job", job]).split { $0 == " " || $0 == "\n" }
        return words.first { $0.hasPrefix("NodeList=") }.map { String($0.dropFirst(9)) } ?? ""
    }

    /// Brings nodes back that a test took away.
    static func resumeNodes() {
        for node in ["n1", "n2"] { run(["scontrol", "update", "NodeName=\(node)", "State=RESUME"]) }
    }

    /// Ends the controller; jobs go on.
    static func stopController() {
        run(["scontrol", "shutdown", "slurmctld"])
        _ = eventually(within: 10) { run(["scontrol", "ping"]).contains("is DOWN") }
    }

    static func startController() {
        // Its port may be in use a moment longer.
        _ = eventually(within: 10) { run(["slurmctld"]).isEmpty }
        _ = eventually(within: 10) { run(["scontrol", "ping"]).contains("is UP") }
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

/// One run of a program whose workers are jobs.
final class ClusterRun {
    let child: ChildProcess
    let directory: String

    /// Starts the program in an empty directory.
    ///
    /// - Parameters:
    ///   - arguments: its arguments.
    ///   - settings: variables that say how.
    ///   - program: its name.
    ///   - prepare: fills a folder before the start.
    ///   - more: further arguments, made from that folder's name.
    init(
        _ arguments: [String], _ settings: [String: String] = [:], program: String = "ClusterProgram",
        prepare: (String) throws -> Void = { _ in },
        more: (String) -> [String] = { _ in [] }
    ) throws {
        var template = Array("/tmp/apus-cluster-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory for a test") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = directory + "/input"
        mkdir(folder, 0o755)
        try prepare(folder)
        // What the scripts tell these tests is no setting.
        let inherited = EnvironmentVariables.all.filter { program != "apus" || !$0.key.hasPrefix("APUS_") }
        child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: Self.path(of: program), arguments: [program] + arguments + more(folder),
                environment: inherited.merging(settings) { $1 }, workingDirectory: directory,
                standardOutput: .file(directory + "/stdout", append: false),
                standardError: .file(directory + "/stderr", append: false), ownProcessGroup: true))
    }

    /// Starts a program that says nothing of clusters where a settings file says: `apus run --config`.
    ///
    /// - Parameters:
    ///   - file: the executor `htex` and whatever else.
    ///   - program: its name.
    ///   - settings: variables for it.
    ///   - prepare: fills a folder before the start.
    ///   - arguments: its arguments, made from that folder's name.
    convenience init(
        file: String, program: String, _ settings: [String: String] = [:],
        prepare: @escaping (String) throws -> Void = { _ in }, arguments: @escaping (String) -> [String]
    ) throws {
        let text = file.hasSuffix("\n") ? file : file + "\n"
        try self.init(
            ["run", "--config", "apus.yaml", Self.path(of: program)], settings, program: "apus",
            prepare: { folder in
                try SmallFile.write(Array(text.utf8), to: folder + "/../apus.yaml", mode: 0o644)
                try prepare(folder)
            }, more: arguments)
    }

    deinit {
        if child.poll() == nil {
            child.signal(SIGINT)
            _ = finish(within: 20)
        }
        Slurm.run(["rm", "-rf", "--", directory])
    }

    /// The program, beside the tests' own.
    private static func path(of program: String) -> String {
        for path in CommandLine.arguments.filter({ $0.contains(".xctest") }) + [CurrentProcess.executablePath] {
            var folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            while folder.count > 1 {
                let candidate = folder.joined(separator: "/") + "/" + program
                if access(candidate, X_OK) == 0 { return candidate }
                folder = folder.dropLast()
            }
        }
        return program
    }

    var output: String { text("stdout") }
    var errors: String { text("stderr") }
    /// What became of the blocks.
    var log: String { text("runinfo/000/htex/blocks.log") }

    /// A file in its directory.
    func text(_ name: String) -> String {
        (try? SmallFile.readText("\(directory)/\(name)", limit: 1 << 24)) ?? ""
    }

    /// Waits for the end; nil when it does not come.
    func finish(within seconds: Double = 90) -> SystemSupport.ExitStatus? {
        child.wait(deadlineNanoseconds: Monotonic.nanoseconds + UInt64(seconds * 1e9))
    }

    /// Whether there is a file in its directory.
    func has(_ name: String) -> Bool { access(directory + "/" + name, F_OK) == 0 }

    /// Makes a file in its directory.
    func touch(_ name: String) throws { try SmallFile.write([], to: "\(directory)/\(name)", mode: 0o644) }

    /// Waits until the program has printed so many lines that begin so.
    func waits(for prefix: String, times: Int = 1, within seconds: Double = 40) -> Bool {
        eventually(within: seconds) { output.split(separator: "\n").count { $0.hasPrefix(prefix) } >= times }
    }

    /// The number of the first block's job.
    func firstJob() -> String? { job(of: 0) }

    /// The number of a block's job.
    func job(of block: Int) -> String? {
        let marker = "block \(block) is job "
        var job: String?
        _ = eventually(within: 30) {
            job = log.split(separator: "\n").last { $0.contains(marker) }.flatMap { line in
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
