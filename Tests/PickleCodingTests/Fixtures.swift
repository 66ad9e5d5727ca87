import Foundation
import PickleCoding
import Testing

/// One value that CPython pickled.
struct GoldenPickle: Decodable, Sendable, CustomTestStringConvertible {
    let expression: String
    let protocolVersion: Int
    let plain: Bool
    let pickle: Data
    let json: String?

    private enum CodingKeys: String, CodingKey {
        case expression, plain, pickle, json
        case protocolVersion = "protocol"
    }

    var bytes: [UInt8] { [UInt8](pickle) }
    var testDescription: String { "\(expression) in protocol \(protocolVersion)" }
}

/// The golden files and what is needed to run Python.
enum Fixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/pickle")

    /// All golden pickles.
    static let golden: [GoldenPickle] = {
        do {
            let data = try Data(contentsOf: folder.appendingPathComponent("golden.json"))
            return try JSONDecoder().decode([GoldenPickle].self, from: data)
        } catch {
            Issue.record("the golden file cannot be read: \(error)")
            return []
        }
    }()

    /// The interpreter, if there is one: APUS_PYTHON, or the first on the search path.
    static let python: URL? = {
        if let path = ProcessInfo.processInfo.environment["APUS_PYTHON"], !path.isEmpty {
            return URL(fileURLWithPath: path)
        }
        for folder in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") {
            let url = URL(fileURLWithPath: String(folder)).appendingPathComponent("python3")
            if FileManager.default.isExecutableFile(atPath: url.path) { return url }
        }
        return nil
    }()

    /// What Python says to pickles that it loaded and pickled again.
    struct Answer {
        let pickle: [UInt8]
        let json: String
    }

    /// Lets Python load pickles without any name and pickle the values again.
    static func roundTrip(_ pickles: [[UInt8]], protocolVersion: Int) throws -> [Answer] {
        try run("roundtrip.py", pickles, protocolVersion: protocolVersion).map { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let data = Data(base64Encoded: String(parts[0])) else {
                throw CocoaError(.coderReadCorrupt)
            }
            return Answer(pickle: [UInt8](data), json: String(parts[1]))
        }
    }

    /// Runs verify.py over pickles and gives the lines it prints.
    static func verify(_ pickles: [[UInt8]], protocolVersion: Int) throws -> [String] {
        try run("verify.py", pickles, protocolVersion: protocolVersion)
    }

    private static func run(_ script: String, _ pickles: [[UInt8]], protocolVersion: Int) throws -> [String] {
        guard let python else { return [] }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("pickles-\(UUID().uuidString)")
        let text = pickles.map { Data($0).base64EncodedString() }.joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = python
        process.arguments = ["-B", folder.appendingPathComponent(script).path, "\(protocolVersion)"]
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map { String($0) }
    }

    /// Bytes from hexadecimal digits; blanks are skipped.
    static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }
}

extension PickleValue {
    /// The canonical JSON as text.
    func json() throws -> String { String(decoding: try canonicalJSON(), as: UTF8.self) }
}

extension Trait where Self == ConditionTrait {
    /// Runs only where there is a Python.
    static var requiresPython: Self { .enabled(if: Fixtures.python != nil, "python3 is not on the search path") }
}

/// A random number generator that gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
