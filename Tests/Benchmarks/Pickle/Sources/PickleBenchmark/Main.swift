import Foundation
import PickleCoding

/// Compares the codec with CPython's C pickle in one run on one machine and prints a table in Markdown.
///
/// Every row is measured in five turns, CPython and Swift one after the other; the table shows the medians of the turns, so
/// that a machine that is faster for a minute is faster for both. An argument names the rows to measure (part of a name).
@main
struct PickleBenchmark {
    static func main() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pickle-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let arguments = CommandLine.arguments.dropFirst()
        let table = Table(python: try PythonSide(folder), only: Array(arguments))
        try Rows.run(table, folder)
        try table.python.end()
        print(table.text)
    }
}

/// `bench.py`, which measures a row whenever it is asked.
final class PythonSide {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts it; it writes the pickles that the rows read.
    init(_ folder: URL) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("bench.py")
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script.path, folder.path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        guard line() == "ready" else { throw CocoaError(.fileReadUnknown) }
    }

    /// Milliseconds of one row.
    func measure(_ row: String) throws -> (dumps: Double, loads: Double) {
        try input.fileHandleForWriting.write(contentsOf: Data((row + "\n").utf8))
        let words = line().split(separator: " ").compactMap { Double($0) }
        guard words.count == 2 else { throw CocoaError(.fileReadUnknown) }
        return (words[0], words[1])
    }

    func end() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func line() -> String {
        var bytes: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// `PickleProbe` of the main package, which measures the messages of the wire.
final class EnvelopeSide {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts it; nil if it has not been built.
    init?() throws {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<6 { root.deleteLastPathComponent() }
        let program = root.appendingPathComponent(".build/release/PickleProbe")
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            print("no rows of messages: build them with  swift build -c release --product PickleProbe  in the package")
            return nil
        }
        process.executableURL = program
        process.arguments = ["envelope"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Milliseconds to encode and to decode, and allocations.
    func measure(_ row: String) throws -> [Double] {
        try input.fileHandleForWriting.write(contentsOf: Data((row + "\n").utf8))
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A { line.append(byte) }
        let numbers = String(decoding: line, as: UTF8.self).split(separator: " ").compactMap { Double($0) }
        guard numbers.count == 4 else { throw CocoaError(.fileReadUnknown) }
        return numbers
    }

    func end() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

/// CPU time, which other processes disturb less than wall time.
enum Clock {
    private static let rounds = ProcessInfo.processInfo.environment["PICKLE_BENCHMARK_ROUNDS"].flatMap { Int($0) } ?? 3

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }

    /// The best of a few runs in milliseconds.
    ///
    /// `PICKLE_BENCHMARK_ROUNDS` asks for more, so that a profiler sees little else.
    static func best(_ work: () throws -> Void) rethrows -> Double {
        var result = Double.infinity
        for _ in 0..<rounds {
            let start = now()
            try work()
            result = min(result, now() - start)
        }
        return result
    }
}

/// The table being made.
final class Table {
    let python: PythonSide
    private let only: [String]
    private(set) var text = """
        | row | CPython dumps / loads ms | Swift encode / decode ms | factor |
        | --- | --- | --- | --- |

        """

    init(python: PythonSide, only: [String]) {
        self.python = python
        self.only = only
    }

    /// Whether a row is to be measured.
    func wants(_ name: String) -> Bool { only.isEmpty || only.contains { name.contains($0) } }

    /// Measures a row in turns with CPython's and adds it; a work is repeated `count` times inside one measurement.
    func measure(
        _ name: String, _ key: String?, count: Int = 1, encode: (() throws -> Void)?, decode: (() throws -> Void)?
    ) throws {
        guard wants(name) else { return }
        var turns: [[Double]] = []
        for _ in 0..<5 {
            let python = try key.map { try self.python.measure($0) } ?? (.nan, .nan)
            func swift(_ work: (() throws -> Void)?) throws -> Double {
                guard let work else { return .nan }
                return try Clock.best { for _ in 0..<count { try work() } } / Double(count)
            }
            let (written, read) = (try swift(encode), try swift(decode))
            turns.append([python.dumps, python.loads, written, read, python.dumps / written, python.loads / read])
        }
        add(name, turns)
    }

    /// Measures the messages of the wire, which are no part of the library's public interface, in their own program.
    func envelope(_ name: String, _ probe: EnvelopeSide, _ row: String) throws {
        guard wants(name) else { return }
        var allocations: [Double] = []
        var turns: [[Double]] = []
        for _ in 0..<5 {
            let python = try self.python.measure("envelope")
            let swift = try probe.measure(row)
            allocations = Array(swift[2...])
            turns.append([
                python.dumps, python.loads, swift[0], swift[1], python.dumps / swift[0], python.loads / swift[1],
            ])
        }
        add("\(name) (\(Int(allocations[0])) / \(Int(allocations[1])) allocations)", turns)
    }

    private func add(_ name: String, _ turns: [[Double]]) {
        let medians = turns[0].indices.map { column in turns.map { $0[column] }.sorted()[turns.count / 2] }
        func number(_ value: Double) -> String {
            value.isNaN ? "–" : String(format: value < 0.01 ? "%.6f" : "%.2f", value)
        }
        func factor(_ value: Double) -> String { value.isNaN ? "–" : String(format: "%.2f ×", value) }
        let row =
            "| \(name) | \(number(medians[0])) / \(number(medians[1])) | \(number(medians[2])) / \(number(medians[3])) | "
            + "\(factor(medians[4])) / \(factor(medians[5])) |\n"
        text += row
        FileHandle.standardError.write(Data(row.utf8))
    }
}
