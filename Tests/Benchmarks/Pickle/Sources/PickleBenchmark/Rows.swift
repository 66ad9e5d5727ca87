import Foundation
import PickleCoding

/// Keeps results alive, so that work is not optimised away.
@inline(never) func consume<T>(_ value: borrowing T) {}

enum Rows {
    static func pickle(_ name: String, _ folder: URL) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(name + ".pkl")))
    }

    static func run(_ table: Table, _ folder: URL) throws {
        var list = PickleEncoder()
        list.numericArrays = .list
        let packed = PickleEncoder()
        // Once without counting, so that the allocator knows large blocks; CPython's rows have had the same.
        consume(try packed.encode([Int](repeating: 1, count: 4_000_000)))
        try typed([Int].self, "ints", "1 M small ints", table, folder, list, packed)
        try typed([Int].self, "wide_ints", "1 M ints", table, folder, list, packed)
        try typed([Double].self, "doubles", "1 M doubles", table, folder, list, packed)
        try typed([String].self, "strings", "100 k strings", table, folder, list, nil)
        try typed([String: Double].self, "dict", "dict of 100 k", table, folder, list, nil)
        try typed([Sample].self, "records_dict", "100 k records, Codable", table, folder, list, nil)
        try typed([DirectSample].self, "records_dict", "100 k records, direct", table, folder, list, nil)
        for name in ["ints", "doubles", "strings", "dict", "records_dict", "records_class"] {
            guard table.wants("document: \(name)") else { continue }
            let bytes = try pickle(name, folder)
            let root = try PickleDocument(decoding: bytes).root
            try table.measure(
                "document: \(name)", name, encode: { consume(try root.encoded(protocolVersion: 5)) },
                decode: { consume(try PickleDocument(decoding: bytes)) })
        }
        try blob(table, folder)
        try envelope(table)
    }

    private static func typed<T: Codable>(
        _ type: T.Type, _ key: String, _ name: String, _ table: Table, _ folder: URL, _ list: PickleEncoder,
        _ packed: PickleEncoder?
    ) throws {
        guard table.wants(name) else { return }
        let bytes = try pickle(key, folder)
        let value = try PickleDecoder().decode(type, from: bytes)
        try table.measure(
            name, key, encode: { consume(try list.encode(value)) },
            decode: { consume(try PickleDecoder().decode(type, from: bytes)) })
        guard let packed else { return }
        let block = try packed.encode(value)
        try table.measure(
            name + ", packed", key, encode: { consume(try packed.encode(value)) },
            decode: { consume(try PickleDecoder().decode(type, from: block)) })
    }

    private static func blob(_ table: Table, _ folder: URL) throws {
        guard table.wants("100 MB of bytes") else { return }
        let bytes = try pickle("bytes", folder)
        let value = try PickleDecoder().decode([UInt8].self, from: bytes)
        try table.measure(
            "100 MB of bytes, copied", "bytes", encode: { consume(try PickleEncoder().encode(value)) },
            decode: { consume(try PickleDecoder().decode([UInt8].self, from: bytes)) })
        try table.measure(
            "100 MB of bytes, borrowed", "bytes", encode: nil,
            decode: { consume(try PickleDocument(decoding: bytes).root.sourceRange) })
    }

    private static func envelope(_ table: Table) throws {
        let payload = [UInt8](repeating: 7, count: 300)
        let count = 20_000
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
        try table.measure(
            "message envelope, document", "envelope", count: count, encode: { consume(write(123_456)) },
            decode: {
                let root = try PickleDocument(decoding: bytes).root
                consume((root["task_id"]?.intValue, root["buffer"]?.sourceRange))
            })
        if let probe = try EnvelopeSide() {
            for row in ["task", "result"] { try table.envelope("\(row) message", probe, row) }
            try probe.end()
        }
        let number = try PickleEncoder().encode(42)
        try table.measure(
            "one Int through Codable", nil, count: count, encode: { consume(try PickleEncoder().encode(42)) },
            decode: { consume(try PickleDecoder().decode(Int.self, from: number)) })
    }
}
