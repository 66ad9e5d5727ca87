import Foundation
import SystemSupport
import TestSupport
import Testing

/// `PickleProbe` reads hostile and ordinary pickles and counts what the allocator gives it.
///
/// Smaller inputs would prove little beside the slack of a megabyte, and these take a minute.
@Suite(
    "Memory is bounded by the input, on anything", .tags(.realProcess), .blocking,
    .enabled(if: Thoroughness.isThorough, "takes long: make test-extra runs it, or APUS_THOROUGH_TESTS=1"))
struct MemoryBoundTests {
    private static let slack = 1 << 20

    private struct Row {
        var name: String
        var bytes: Int
        var opcodes: Int
        var peak: Int
        var live: Int
        var outcome: String

        init?(_ line: Substring) {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard words.count == 6, let bytes = Int(words[1]), let opcodes = Int(words[2]), let peak = Int(words[3]),
                let live = Int(words[4])
            else { return nil }
            (name, outcome) = (String(words[0]), String(words[5]))
            (self.bytes, self.opcodes, self.peak, self.live) = (bytes, opcodes, peak, live)
        }
    }

    private static func probe(_ arguments: [String]) throws -> [Substring] {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "the probe ended badly: \(process.terminationReason)")
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    /// The program beside the test bundle.
    private static let program: URL = {
        // The toolchain's test runner loads the bundle that its arguments name; elsewhere the tests are the program.
        for path in CommandLine.arguments.filter({ $0.contains(".xctest") }) + [CurrentProcess.executablePath] {
            var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            while folder.path.count > 1 {
                let candidate = folder.appendingPathComponent("PickleProbe")
                if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
                folder.deleteLastPathComponent()
            }
        }
        return URL(fileURLWithPath: "PickleProbe")
    }()

    private static func rows(_ kind: String) throws -> [Row] {
        // A sanitizer has an allocator of its own, which cannot be counted.
        guard try probe(["counts"]) == ["true"] else { return [] }
        let lines = try probe(["memory", kind])
        let rows = lines.compactMap { Row($0) }
        #expect(rows.count == lines.count && rows.count > (kind == "document" ? 600 : 60))
        return rows
    }

    @Test("a document takes at most 100 bytes for every opcode read, and twice the input")
    func documents() throws {
        for row in try Self.rows("document") {
            #expect(row.peak <= 100 * row.opcodes + 2 * row.bytes + Self.slack, "\(row)")
        }
    }

    /// The types and what is made for them; everything else does not fit them.
    fileprivate static let fitting: [String: Set<String>] = [
        "[Int]": ["list of small ints", "list of LONG4", "ints", "ints as CPython writes them"],
        "[Double]": ["list of small ints", "ints", "ints as CPython writes them", "doubles"],
        "[String]": ["short texts", "long texts"],
        "[String: Double]": ["a dict of floats"],
        "[[Int]]": [],
        "[Sample]": ["records as CPython writes them"],
        "Data": ["data", "two megabytes of bytes"],
    ]

    /// What is read straight from the bytes, but is larger than four times its pickle: an array of one number takes 48 bytes.
    fileprivate static let direct: [String: Set<String>] = [
        "[[Int]]": ["lists of ints", "list of [7] by APPEND", "list of [7, 7] by APPENDS"]
    ]

    /// What fits no type goes through a document, and a list of empty texts is eight times its pickle in any case.
    @Test(
        "typed decoding takes four times the input for what fits, else what a document takes beside the value",
        arguments: MemoryBoundTests.fitting.keys.sorted())
    func typed(kind: String) throws {
        for row in try Self.rows(kind) {
            if Self.fitting[kind, default: []].contains(row.name) {
                #expect(row.peak <= 4 * row.bytes + Self.slack, "\(row)")
            }
            if Self.direct[kind, default: []].contains(row.name) {
                #expect(row.peak - row.live <= 4 * row.bytes + Self.slack, "\(row)")
            }
            #expect(row.peak - row.live <= 100 * row.opcodes + 2 * row.bytes + Self.slack, "\(row)")
            #expect(row.live <= 16 * row.bytes + Self.slack, "the value itself: \(row)")
        }
    }
}
