import PickleCoding
import TestSupport
import Testing

@Suite("Records and fast ways give what the slow way gives", .paced)
struct RecordTests {
    struct Sample: PickleRecord, Equatable {
        var id: Int
        var name: String
        var x: Double
        var ok: Bool
        var raw: [UInt8]
        var tags: [String]?

        static let pickleKeys: [StaticString] = ["id", "name", "x", "ok", "raw", "tags"]

        func write(to fields: inout PickleFieldWriter) throws {
            fields.write(id)
            fields.write(name)
            fields.write(x)
            fields.write(ok)
            fields.write(raw)
            try fields.write(tags)
        }

        init(from fields: inout PickleFieldReader) throws {
            id = try fields.int()
            name = try fields.string()
            x = try fields.double()
            ok = try fields.bool()
            raw = try fields.bytes()
            tags = try fields.value()
        }

        init(_ id: Int) {
            self.id = id
            name = "sample \(id)"
            x = Double(id) / 3
            ok = id % 2 == 0
            raw = [UInt8(truncatingIfNeeded: id)]
            tags = id % 3 == 0 ? nil : ["a", "b"]
        }
    }

    struct Point: PickleRecord, Equatable {
        var x: Double
        var n: Int
        static let pickleKeys: [StaticString] = ["x", "n"]
        func write(to fields: inout PickleFieldWriter) {
            fields.write(x)
            fields.write(n)
        }
        init(from fields: inout PickleFieldReader) throws {
            x = try fields.double()
            n = try fields.int()
        }
        init(x: Double, n: Int) { (self.x, self.n) = (x, n) }
    }

    @Test("records come back, whatever their number", arguments: [0, 1, 2, 300])
    func records(count: Int) throws {
        let samples = (0..<count).map(Sample.init)
        let bytes = try PickleEncoder().encode(samples)
        #expect(try PickleDecoder().decode([Sample].self, from: bytes) == samples)
        let points = (0..<count).map { Point(x: Double($0), n: $0 * 1_000) }
        let encoded = try PickleEncoder().encode(points)
        #expect(try PickleDecoder().decode([Point].self, from: encoded) == points)
        // The same values through a document, in every protocol.
        let root = try PickleDocument(decoding: encoded).root
        for version in 0...5 {
            for mode in [PickleMode.compact, .cpython] {
                let other = try root.encoded(protocolVersion: version, mode: mode)
                #expect(try PickleDecoder().decode([Point].self, from: other) == points)
            }
        }
    }

    @Test("records are found by key when the order differs, and a missing key is named")
    func otherOrder() throws {
        let value: PickleValue = [["n": 1, "x": 2.5], ["x": 3, "n": 4]]
        let bytes = try value.encoded()
        #expect(try PickleDecoder().decode([Point].self, from: bytes) == [Point(x: 2.5, n: 1), Point(x: 3, n: 4)])
        let lacking: PickleValue = [["n": 1]]
        do {
            _ = try PickleDecoder().decode([Point].self, from: try lacking.encoded())
            Issue.record("decoding should fail")
        } catch let DecodingError.keyNotFound(key, context) {
            #expect(key.stringValue == "x")
            #expect(context.debugDescription.contains("[0]"))
        }
    }

    @Test("arrays and dictionaries are the same by the fast and the slow way", arguments: 0...5)
    func fastWays(version: Int) throws {
        var encoder = PickleEncoder()
        encoder.numericArrays = .list
        let ints = [0, 255, 256, 65_535, 65_536, -1, Int(Int32.min), Int.max, Int.min] + Array(0..<3_000)
        let doubles = [0, -0.0, 1.5, .infinity, 1e300] + (0..<3_000).map(Double.init)
        let strings = ["", "é", "😀", String(repeating: "x", count: 300)] + (0..<1_500).map { "s\($0)" }
        let table = Dictionary(uniqueKeysWithValues: strings.enumerated().map { ($1, $0) })
        func check<T: Codable & Equatable>(_ value: T) throws {
            let bytes = try encoder.encode(value)
            #expect(try PickleDecoder().decode(T.self, from: bytes) == value)
            let root = try PickleDocument(decoding: bytes).root
            for mode in [PickleMode.compact, .cpython] {
                let other = try root.encoded(protocolVersion: version, mode: mode)
                #expect(try PickleDecoder().decode(T.self, from: other) == value)
            }
        }
        try check(ints)
        try check(doubles)
        try check(strings)
        try check(table)
        try check(table.mapValues { Double($0) })
        try check(table.mapValues { "\($0)" })
        try check([Int]())
        try check([String: Int]())
        try check([7])
        try check(["k": 1.0])
    }

    @Test("a bad frame inside a container is refused by the fast way as well")
    func badFrame() {
        // Found by fuzzing: an empty dict with a frame in it that is longer than the input.
        let bytes = Fixtures.bytes("7d 71 00 28 95 95 3d 00 00 65 65 02 75 2e")
        #expect(throws: PickleError.self) { try PickleDecoder().decode([String: Int].self, from: bytes) }
        #expect(throws: PickleError.self) { try PickleDecoder().decode([String: String].self, from: bytes) }
    }

    @Test("an item appended to an int is refused by the fast way as well")
    func strayItem() {
        // Found by fuzzing: two ints, and one APPEND for both.
        let bytes = Fixtures.bytes("5d 4b 01 61 4b 01 4b 01 61 4b 01 61 2e")
        #expect(throws: PickleError.self) { try PickleDecoder().decode([Int].self, from: bytes) }
    }

    @Test("keys that only Swift holds equal are refused, not merged")
    func equalKeys() throws {
        let value = PickleValue(dict: [("\u{E9}", 1), ("e\u{301}", 2)])
        #expect(value.count == 2)
        #expect(throws: DecodingError.self) { try PickleDecoder().decode([String: Int].self, from: value.encoded()) }
    }

    @Test("fast ways refuse what the slow way refuses", arguments: Fixtures.golden.filter { $0.bytes.count < 3_000 })
    func mutation(golden: GoldenPickle) {
        var generator = SeededGenerator(seed: UInt64(golden.bytes.count))
        for _ in 0..<Thoroughness.count(few: 8, many: 60) {
            var bytes = golden.bytes
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            bytes[place] = UInt8.random(in: 0...255, using: &generator)
            func agree<T: Decodable & Equatable>(_ type: T.Type) {
                let fast = try? PickleDecoder().decode(type, from: bytes)
                guard let fast else { return }
                let slow = try? PickleDecoder().decode(type, from: PickleDocument(decoding: bytes).root)
                // NaN is not equal to itself.
                #expect(slow == fast || "\(fast)".contains("nan"))
            }
            agree([Int].self)
            agree([Double].self)
            agree([String].self)
            agree([String: Int].self)
            agree(Int.self)
            agree(String.self)
        }
    }
}
