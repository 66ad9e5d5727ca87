import Glibc
import PickleCoding
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

@testable import DataFlow

/// A real program with a checkpoint, killed again and again.
@Suite("A killed program with a checkpoint", .tags(.realProcess), .blocking, .serialized)
struct CheckpointKillTests {
    private static let calls = 1000

    @Test("goes on where it was: what was recorded never runs again", arguments: ["threads", "processes"])
    func resume(placement: String) throws {
        let directory = try Self.makeDirectory()
        defer { Self.remove(directory) }
        var random = SystemRandomNumberGenerator()
        var cuts: [Int] = []
        for _ in 0..<10 {
            let recorded = try Self.recorded(in: directory)
            let before = Self.executed(in: directory).count
            let left = Self.calls - recorded.count
            // Killed when a random number of further calls have begun; at most half of those that are left.
            let cut = Int.random(in: 0...max(0, left / 2), using: &random)
            cuts.append(cut)
            let child = try Self.start(Self.program, [placement], in: directory)
            let deadline = Monotonic.deadline(after: .seconds(60))
            while Self.executed(in: directory).count < before + cut, Monotonic.nanoseconds < deadline {
                _ = poll(nil, 0, 1)
            }
            child.signalGroup(SIGKILL)
            _ = child.wait()
            Self.expectNew(Self.executed(in: directory).dropFirst(before), recorded, cuts)
        }
        let recorded = try Self.recorded(in: directory)
        let before = Self.executed(in: directory).count
        let child = try Self.start(Self.program, [placement], in: directory)
        #expect(child.wait(deadlineNanoseconds: Monotonic.nanoseconds + 60_000_000_000) == .exited(0), "\(cuts)")
        Self.expectNew(Self.executed(in: directory).dropFirst(before), recorded, cuts)
        let output = try SmallFile.readText(directory + "/output")
        #expect(output.contains("total \((0..<Self.calls).reduce(0) { $0 + $1 * $1 })"), "\(cuts)")
        #expect(try Self.recorded(in: directory) == Set((0..<Self.calls).map { $0 * $0 }), "\(cuts)")
    }

    @Test("writes when asked; the newest run's file holds all that its run used", arguments: [[], ["strict"]])
    func manual(options: [String]) throws {
        let directory = try Self.makeDirectory()
        defer { Self.remove(directory) }
        for run in 1...3 {
            let child = try Self.start(Self.program, ["threads", "manual", "latest"] + options, in: directory)
            #expect(child.wait(deadlineNanoseconds: Monotonic.nanoseconds + 60_000_000_000) == .exited(0))
            // Ten are written each time: of the first run as they were made, later as they were used again. The
            // eleventh comes after the request, and runs each time.
            #expect(try SmallFile.readText(directory + "/output").contains("written 10, then 0"))
            #expect(Self.executed(in: directory).count == 10 + run)
        }
    }

    @Test("says what to set when a checkpoint is asked for that the configuration does not make")
    func never() throws {
        let directory = try Self.makeDirectory()
        defer { Self.remove(directory) }
        let child = try Self.start(Self.program, ["threads", "never"], in: directory)
        #expect(child.wait(deadlineNanoseconds: Monotonic.nanoseconds + 60_000_000_000) == .exited(1))
        #expect(try SmallFile.readText(directory + "/errors").contains("set .manual"))
    }

    private static func makeDirectory() throws -> String {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory for a test") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func remove(_ directory: String) {
        _ = try? start("/bin/rm", ["-rf", directory], in: "/").wait()
    }

    private static func expectNew(_ executed: ArraySlice<Int>, _ recorded: Set<Int>, _ cuts: [Int]) {
        let again = executed.filter { recorded.contains($0 * $0) }
        #expect(again.isEmpty, "killed after \(cuts) calls")
    }

    /// The results in all checkpoints of the directory.
    private static func recorded(in directory: String) throws -> Set<Int> {
        var table = TaskTable()
        try table.add(
            TaskDefinition(name: "step", version: 1, signature: TaskSignature(parameters: [], result: "Int")) { _ in
                []
            })
        var records: [CheckpointRecord] = []
        let reader = try CheckpointReader(
            paths: CheckpointDirectory.files(in: directory + "/runinfo"), table: table, build: nil, strict: true
        ) { records.append($1) }
        #expect(reader.report.damaged.isEmpty)
        return Set(
            try records.map { try PickleDecoder().decode(Int.self, from: try reader.result(of: $0)) })
    }

    /// The calls that have run, in order.
    private static func executed(in directory: String) -> [Int] {
        let text = (try? SmallFile.readText(directory + "/executed", limit: 1 << 24)) ?? ""
        return text.split(separator: "\n").compactMap { Int($0) }
    }

    private static func start(_ program: String, _ arguments: [String], in directory: String) throws -> ChildProcess {
        try ChildProcess(
            spawning: ChildProcess.Options(
                executable: program, arguments: [program] + arguments, environment: EnvironmentVariables.all,
                workingDirectory: directory,
                standardOutput: directory == "/" ? .null : .file(directory + "/output", append: false),
                standardError: directory == "/" ? .null : .file(directory + "/errors", append: true)))
    }

    /// The program, built beside the tests.
    private static var program: String {
        for path in CommandLine.arguments.filter({ $0.contains(".xctest") }) + [CurrentProcess.executablePath] {
            var folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            while folder.count > 1 {
                let candidate = folder.joined(separator: "/") + "/ResumeProgram"
                if access(candidate, X_OK) == 0 { return candidate }
                folder = folder.dropLast()
            }
        }
        return "ResumeProgram"
    }
}
