import TestSupport
import Testing

@testable import PickleCoding

/// Results lie in the middle of messages, and are read where they are.
@Suite("A value in the middle of a message", .paced)
struct PartTests {
    private struct Point: Codable, Equatable {
        var x: Int
        var names: [String: [Double]]
    }

    private static func comesBack<T: Codable & Equatable>(_ value: T, _ before: Int, _ after: Int) throws {
        let pickle = try PickleEncoder().encode(value)
        let message = [UInt8](repeating: 0x2E, count: before) + pickle + [UInt8](repeating: 0x80, count: after)
        let part = try PickleDecoder().decode(T.self, in: message, range: before..<(before + pickle.count))
        #expect(part == value)
        let document = try PickleDocument(in: message, range: before..<(before + pickle.count))
        #expect(try PickleDecoder().decode(T.self, from: document.root) == value)
    }

    @Test("is the value, whatever stands before and behind it", arguments: [0, 1, 77], [0, 1, 9])
    func comesBack(before: Int, after: Int) throws {
        try Self.comesBack(41, before, after)
        try Self.comesBack("a text that takes more than fifteen bytes", before, after)
        try Self.comesBack(Array(0..<1000), before, after)
        try Self.comesBack([[1.5], []], before, after)
        try Self.comesBack(["a": 1, "b": 2], before, after)
        try Self.comesBack(Point(x: 3, names: ["p": [0.25]]), before, after)
    }

    @Test("must fill its part: bytes behind it, a part cut short and an empty one are errors")
    func partsThatDoNotFit() throws {
        for pickle in [try PickleEncoder().encode(7), try PickleEncoder().encode(Point(x: 1, names: [:]))] {
            let message = pickle + pickle
            for range in [0..<(pickle.count + 1), 0..<(pickle.count - 1), 1..<pickle.count, 3..<3, 0..<message.count] {
                #expect(throws: (any Error).self, "\(range)") {
                    try PickleDecoder().decode(Int.self, in: message, range: range)
                }
                #expect(throws: (any Error).self, "\(range)") {
                    try PickleDecoder().decode(Point.self, in: message, range: range)
                }
            }
        }
    }
}
