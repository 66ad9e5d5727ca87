import Foundation
import PickleCoding

/// Compares the codec with CPython's C pickle in one run on one machine and prints a table in Markdown.
@main
struct PickleBenchmark {
    static func main() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pickle-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let python = try pythonRows(folder)
        var table = Table(python: python)
        try Rows.run(&table, folder)
        print(table.text)
    }

    /// Runs bench.py, which also writes the pickles that the loads rows read.
    static func pythonRows(_ folder: URL) throws -> [String: (dumps: Double, loads: Double, bytes: Int)] {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("bench.py")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script.path, folder.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        var rows: [String: (dumps: Double, loads: Double, bytes: Int)] = [:]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 4, let dumps = Double(words[1]), let loads = Double(words[2]) else { continue }
            rows[String(words[0])] = (dumps, loads, Int(words[3]) ?? 0)
        }
        return rows
    }

    /// The best of several runs in milliseconds of CPU time, which other processes disturb less than wall time.
    static func best(_ rounds: Int = 9, _ work: () throws -> Void) rethrows -> Double {
        var result = Double.infinity
        for _ in 0..<rounds {
            let start = clock()
            try work()
            result = min(result, clock() - start)
        }
        return result
    }

    private static func clock() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }
}

/// The table being made.
struct Table {
    let python: [String: (dumps: Double, loads: Double, bytes: Int)]
    var text = """
        | row | CPython dumps / loads ms | Swift encode / decode ms | factor |
        | --- | --- | --- | --- |

        """

    mutating func add(_ name: String, _ key: String, _ encode: Double?, _ decode: Double?) {
        let (dumps, loads, _) = python[key] ?? (.nan, .nan, 0)
        func number(_ value: Double?) -> String { value.map { String(format: $0 < 0.01 ? "%.6f" : "%.2f", $0) } ?? "–" }
        func factor(_ python: Double, _ swift: Double?) -> String {
            swift.map { String(format: "%.2f ×", python / $0) } ?? "–"
        }
        let row =
            "| \(name) | \(number(dumps)) / \(number(loads)) | \(number(encode)) / \(number(decode)) | "
            + "\(factor(dumps, encode)) / \(factor(loads, decode)) |\n"
        text += row
        FileHandle.standardError.write(Data(row.utf8))
    }
}

struct Sample: Codable {
    var id: Int
    var name: String
    var x: Double
    var y: Double
    var ok: Bool
}

struct DirectSample: PickleRecord {
    var id: Int
    var name: String
    var x: Double
    var y: Double
    var ok: Bool

    static let pickleKeys: [StaticString] = ["id", "name", "x", "y", "ok"]

    func write(to fields: inout PickleFieldWriter) {
        fields.write(id)
        fields.write(name)
        fields.write(x)
        fields.write(y)
        fields.write(ok)
    }

    init(from fields: inout PickleFieldReader) throws {
        id = try fields.int()
        name = try fields.string()
        x = try fields.double()
        y = try fields.double()
        ok = try fields.bool()
    }
}

/// Keeps results alive, so that work is not optimised away.
@inline(never) func consume<T>(_ value: borrowing T) {}

enum Rows {
    static func pickle(_ name: String, _ folder: URL) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(name + ".pkl")))
    }

    static func run(_ table: inout Table, _ folder: URL) throws {
        var list = PickleEncoder()
        list.numericArrays = .list
        let packed = PickleEncoder()
        // Once without counting, so that the allocator knows large blocks; CPython's rows have had the same.
        consume(try packed.encode([Int](repeating: 1, count: 4_000_000)))
        try typed([Int].self, "ints", "1 M small ints", &table, folder, list, packed)
        try typed([Int].self, "wide_ints", "1 M ints", &table, folder, list, packed)
        try typed([Double].self, "doubles", "1 M doubles", &table, folder, list, packed)
        try typed([String].self, "strings", "100 k strings", &table, folder, list, nil)
        try typed([String: Double].self, "dict", "dict of 100 k", &table, folder, list, nil)
        try typed([Sample].self, "records_dict", "100 k records, Codable", &table, folder, list, nil)
        try typed([DirectSample].self, "records_dict", "100 k records, direct", &table, folder, list, nil)
        for name in ["ints", "doubles", "strings", "dict", "records_dict", "records_class"] {
            let bytes = try pickle(name, folder)
            let read = try PickleBenchmark.best { consume(try PickleDocument(decoding: bytes)) }
            let root = try PickleDocument(decoding: bytes).root
            let write = try PickleBenchmark.best { consume(try root.encoded(protocolVersion: 5)) }
            table.add("document: \(name)", name, write, read)
        }
        try blob(&table, folder)
        try envelope(&table)
    }

    private static func typed<T: Codable>(
        _ type: T.Type, _ key: String, _ name: String, _ table: inout Table, _ folder: URL, _ list: PickleEncoder,
        _ packed: PickleEncoder?
    ) throws {
        let bytes = try pickle(key, folder)
        let value = try PickleDecoder().decode(type, from: bytes)
        let encode = try PickleBenchmark.best { consume(try list.encode(value)) }
        let decode = try PickleBenchmark.best { consume(try PickleDecoder().decode(type, from: bytes)) }
        table.add(name, key, encode, decode)
        guard let packed else { return }
        let block = try packed.encode(value)
        let pack = try PickleBenchmark.best { consume(try packed.encode(value)) }
        let unpack = try PickleBenchmark.best { consume(try PickleDecoder().decode(type, from: block)) }
        table.add(name + ", packed", key, pack, unpack)
    }

    private static func blob(_ table: inout Table, _ folder: URL) throws {
        let bytes = try pickle("bytes", folder)
        let value = try PickleDecoder().decode([UInt8].self, from: bytes)
        let encode = try PickleBenchmark.best { consume(try PickleEncoder().encode(value)) }
        let decode = try PickleBenchmark.best { consume(try PickleDecoder().decode([UInt8].self, from: bytes)) }
        table.add("100 MB of bytes, copied", "bytes", encode, decode)
        let borrow = try PickleBenchmark.best { consume(try PickleDocument(decoding: bytes).root.sourceRange) }
        table.add("100 MB of bytes, borrowed", "bytes", nil, borrow)
    }

    private static func envelope(_ table: inout Table) throws {
        let payload = [UInt8](repeating: 7, count: 300)
        let count = 200_000
        func write(_ id: Int) -> [UInt8] {
            var writer = PickleWriter(reservingCapacity: 400)
            writer.header()
            writer.emptyDict()
            writer.mark()
            writer.string("task_id" as StaticString)
            writer.int(id)
            writer.string("context" as StaticString)
            writer.emptyDict()
            writer.string("buffer" as StaticString)
            writer.bytes(payload)
            writer.setItems()
            writer.stop()
            return writer.finish()
        }
        let bytes = write(123_456)
        let encode = PickleBenchmark.best { for id in 0..<count { consume(write(id)) } } / Double(count)
        let decode =
            try PickleBenchmark.best {
                for _ in 0..<count {
                    let root = try PickleDocument(decoding: bytes).root
                    consume((root["task_id"]?.intValue, root["buffer"]?.sourceRange))
                }
            } / Double(count)
        table.add("message envelope, document", "envelope", encode, decode)
        let number = try PickleEncoder().encode(42)
        let one =
            try PickleBenchmark.best {
                for _ in 0..<count { consume(try PickleDecoder().decode(Int.self, from: number)) }
            } / Double(count)
        let oneEncode =
            try PickleBenchmark.best { for _ in 0..<count { consume(try PickleEncoder().encode(42)) } } / Double(count)
        table.add("one Int through Codable", "", oneEncode, one)
    }
}
