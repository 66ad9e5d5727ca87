import FoundationEssentials
import PickleCoding
import TestSupport
import Testing

@Suite("Codable values survive a pickle", .paced)
struct CodableTests {
    struct Inner: Codable, Equatable {
        var name: String
        var values: [Double]
        var tags: [String]?
        var flag: Bool
    }

    enum Shape: Codable, Equatable {
        case circle(radius: Double)
        case named(String, Int)
        case none
    }

    struct Outer: Codable, Equatable {
        var id: Int
        var inner: Inner
        var shapes: [Shape]
        var table: [Int: String]
        var words: [String: Int]
        var data: Data
        var raw: [UInt8]
        var date: Date
        var uuid: UUID
        var missing: Int?
        var wide: UInt64
        var small: Int8
        var set: Set<String>
        var nested: [[Float]]
    }

    static let sample = Outer(
        id: -7, inner: Inner(name: "é", values: [1.5, -0.0, .infinity], tags: nil, flag: true),
        shapes: [.circle(radius: 2), .named("x", 3), .none], table: [1: "a", -2: "b"], words: ["k": 70_000],
        data: Data([1, 2, 3]), raw: [9, 8], date: Date(timeIntervalSince1970: 1_700_000_000.25), uuid: UUID(),
        missing: nil, wide: .max, small: -128, set: ["p", "q"], nested: [[1, 2], []])

    @Test("a struct with everything in it comes back equal", arguments: [PickleEncoder.NumericArrayForm.packed, .list])
    func roundTrip(form: PickleEncoder.NumericArrayForm) throws {
        var encoder = PickleEncoder()
        encoder.numericArrays = form
        let bytes = try encoder.encode(Self.sample)
        #expect(try PickleDecoder().decode(Outer.self, from: bytes) == Self.sample)
        encoder.isCanonical = true
        let canonical = try encoder.encode(Self.sample)
        #expect(try PickleDecoder().decode(Outer.self, from: canonical) == Self.sample)
    }

    @Test("a mismatch names the path, what was expected and what was found")
    func mismatch() throws {
        struct Config: Codable { var rate: Double }
        struct Call: Codable { var config: Config }
        let bytes = try PickleEncoder().encode(["config": ["rate": "fast"]])
        do {
            _ = try PickleDecoder().decode(Call.self, from: bytes)
            Issue.record("decoding should fail")
        } catch let DecodingError.typeMismatch(_, context) {
            #expect(context.debugDescription == "expected Double at config.rate, found string \"fast\" (byte 20)")
        }
    }

    final class Link: Codable {
        var next: Link?
    }

    @Test("a reference cycle is refused and named")
    func cycle() throws {
        let link = Link()
        link.next = Link()
        link.next?.next = link
        do {
            _ = try PickleEncoder().encode(link)
            Issue.record("encoding should fail")
        } catch let EncodingError.invalidValue(_, context) {
            #expect(context.debugDescription.contains("reference cycle at next.next"))
        }
        link.next = nil
    }

    @Test("literals make values that can be looked into")
    func literals() throws {
        let value: PickleValue = ["a": [1, 2.5, nil, true], "b": "text"]
        #expect(value["a"]?[1]?.doubleValue == 2.5)
        #expect(value["b"]?.stringValue == "text")
        #expect(value["c"] == nil)
        #expect(value["a"]?.count == 4)
        var writer = PickleWriter()
        writer.header()
        try writer.value(value)
        writer.stop()
        let again = try PickleDocument(decoding: writer.finish()).root
        #expect(again["a"]?[2]?.isNone == true)
        #expect(again.pairs?.count == 2)
    }

    @Test("values too large are refused with their largest part")
    func tooLarge() throws {
        struct Result: Codable { var weights: [Double]; var other: Int }
        var encoder = PickleEncoder()
        encoder.maximumBytes = 10_000
        do {
            _ = try encoder.encode(Result(weights: Array(repeating: 1, count: 2_000), other: 1))
            Issue.record("encoding should fail")
        } catch let EncodingError.invalidValue(_, context) {
            #expect(context.debugDescription.contains("largest part: 'weights'"), "\(context.debugDescription)")
        }
    }
}
