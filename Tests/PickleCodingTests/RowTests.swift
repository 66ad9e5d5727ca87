import TestSupport
import Testing

@testable import PickleCoding

@Suite("Lists of lists are read without a document between", .paced)
struct RowTests {
    private static let ints: [[Int]] = [
        [], [1], [1, 2], [-1, 1 << 40], [], Array(0..<1_001), Array(repeating: 7, count: 2_000), [300],
    ]

    private static func encoder(_ mode: PickleMode, _ protocolVersion: Int) -> PickleEncoder {
        var encoder = PickleEncoder()
        encoder.numericArrays = .list
        encoder.mode = mode
        encoder.protocolVersion = protocolVersion
        return encoder
    }

    private static func direct<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) -> T? {
        PickleSource.array(bytes).withView { PickleDecoder().decodeDirectly(type, from: $0) }
    }

    private static func throughDocument<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) -> T? {
        guard let document = try? PickleDocument(decoding: bytes), document.endOffset == bytes.count else { return nil }
        return try? PickleDecoder().decode(type, from: document.root)
    }

    @Test(
        "numbers and texts come back in every binary protocol and mode",
        arguments: [PickleMode.cpython, .compact, .canonical],
        2...5)
    func comeBack(mode: PickleMode, version: Int) throws {
        let doubles = Self.ints.map { $0.map { Double($0) / 3 } }
        let texts = Self.ints.map { $0.map { "text \($0), which is a little longer" } }
        let encoder = Self.encoder(mode, version)
        #expect(Self.direct([[Int]].self, try encoder.encode(Self.ints)) == Self.ints)
        #expect(Self.direct([[Double]].self, try encoder.encode(doubles)) == doubles)
        #expect(Self.direct([[String]].self, try encoder.encode(texts)) == texts)
    }

    @Test(
        "items added one by one, in several groups, or to a list of one row",
        arguments: [
            ("]]K\u{1}aK\u{2}aa.", [[1, 2]]), ("](](K\u{1}e(K\u{2}e]e.", [[1, 2], []]), ("]]a.", [[]]),
            ("](]](K\u{3}ee.", [[], [3]]),
        ])
    func forms(pickle: String, rows: [[Int]]) throws {
        #expect(Self.direct([[Int]].self, Array(pickle.utf8)) == rows)
        #expect(try PickleDecoder().decode([[Int]].self, from: Array(pickle.utf8)) == rows)
    }

    @Test(
        "what is not a list of lists is refused as the document's reader refuses it",
        arguments: [
            "]](K\u{1}e.", "](]", "](]e", "]K\u{1}a.", "](]K\u{1}e.", "](](K\u{1}K", "](]N", "](]]aae.", "]]]aa.",
        ])
    func refused(pickle: String) {
        #expect(Self.direct([[Int]].self, Array(pickle.utf8)) == nil)
        #expect(throws: (any Error).self) { try PickleDecoder().decode([[Int]].self, from: Array(pickle.utf8)) }
    }

    @Test("damaged pickles give what a document gives, or nothing", arguments: 0..<8)
    func damaged(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let whole = try Self.encoder(seed % 2 == 0 ? .cpython : .compact, 4).encode([[1, 2], [], [3], [300, -5]])
        for _ in 0..<4_000 {
            var bytes = whole
            for _ in 0...Int.random(in: 0..<2, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = whole.randomElement(using: &random) ?? 0
                case 1: bytes.remove(at: place)
                default: bytes.insert(whole.randomElement(using: &random) ?? 0, at: place)
                }
            }
            guard let rows = Self.direct([[Int]].self, bytes) else { continue }
            #expect(rows == Self.throughDocument([[Int]].self, bytes), "\(bytes)")
        }
    }
}
