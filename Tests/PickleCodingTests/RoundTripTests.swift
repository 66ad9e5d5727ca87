import Foundation
import PickleCoding
import TestSupport
import Testing

/// Random plain values, and random Codable ones, go to every protocol in every mode and come back; Python takes part.
///
/// "The same plain value" means the same objects, since CPython looks objects up in its memo by identity: what is one object
/// in the document is one object in Python and the other way round. Of the empty text, of each text of one Latin-1 character
/// and of empty bytes CPython has one object for all uses; the writer knows that.
@Suite("Random values", .paced)
struct RoundTripTests {
    /// Set APUS_SEED to run one seed again.
    static let seeds: [UInt64] = {
        if let text = ProcessInfo.processInfo.environment["APUS_SEED"], let seed = UInt64(text) { return [seed] }
        return [1, 2]
    }()
    static let modes: [PickleMode] = [.compact, .cpython, .canonical]

    // MARK: Values without a schema

    @Test("values survive every protocol and mode", arguments: seeds, 0...5)
    func swift(seed: UInt64, version: Int) throws {
        var random = RandomValues(seed: seed)
        for number in 0..<Thoroughness.count(few: 12, many: 60) {
            random.hasCycles = number % 2 == 0
            let value = random.value()
            let json = try value.json()
            // A cycle has no canonical form.
            for mode in random.hasCycles ? [.compact, .cpython] : Self.modes {
                let bytes = try value.encoded(protocolVersion: version, mode: mode)
                let again = try PickleDocument(decoding: bytes).root
                if mode == .canonical {
                    // Sorted, and without sharing: but equal content always gives these bytes.
                    #expect(
                        try again.encoded(protocolVersion: version, mode: .canonical) == bytes,
                        "seed \(seed), protocol \(version), canonical: \(json.prefix(200))")
                    #expect(
                        PickleDifference.lines(value, again).isEmpty,
                        "seed \(seed), protocol \(version): \(json.prefix(200))")
                } else {
                    #expect(try again.json() == json, "seed \(seed), protocol \(version), \(mode)")
                }
            }
        }
    }

    @Test(
        "Python loads values with a loader that forbids all names, and pickles them to the same bytes",
        .tags(.python), .requiresPython, arguments: seeds, 0...5)
    func valuesThroughPython(seed: UInt64, version: Int) throws {
        var random = RandomValues(seed: seed)
        // What has no opcode of its own in a protocol would need a name.
        random.hasBytes = version >= 3
        random.hasByteArrays = version >= 5
        for mode in Self.modes {
            random.hasCycles = mode != .canonical
            // Python's sets have an order of their own: larger ones are compared by content only.
            for size in version >= 4 ? [1, 4] : [0] {
                random.largestSet = size
                let values = (0..<Thoroughness.count(few: 20, many: 60)).map { _ in random.value() }
                let pickles = try values.map { try $0.encoded(protocolVersion: version, mode: mode) }
                let answers = try Fixtures.roundTrip(pickles, protocolVersion: version)
                #expect(answers.count == values.count)
                for ((value, pickle), answer) in zip(zip(values, pickles), answers) {
                    let json = try value.json()
                    let note = "seed \(seed), protocol \(version), \(mode): \(json.prefix(200))"
                    // Python's own bytes, read here, are the value again; and written here, they are Python's.
                    let again = try PickleDocument(decoding: answer.pickle).root
                    #expect(PickleDifference.lines(value, again).isEmpty, "\(note)")
                    let copy = try again.encoded(protocolVersion: version, mode: .cpython)
                    #expect(copy == answer.pickle, "\(note)")
                    guard size <= 1 else { continue }
                    if mode != .canonical { #expect(answer.json == json, "\(note)") }
                    // What Python writes for what it loaded is what the mode `.cpython` wrote.
                    if mode == .cpython { #expect(answer.pickle == pickle, "\(note)") }
                }
            }
        }
    }

    // MARK: Codable

    struct Record: Codable, Equatable {
        enum Shape: Codable, Equatable {
            case none
            case circle(radius: Double)
            case named(String, Int)
        }
        var id: Int
        var wide: UInt64
        var name: String
        var ratio: Double
        var flag: Bool
        var data: Data
        var numbers: [Int]
        var floats: [Float]
        var table: [String: Double]
        var byNumber: [Int: String]
        var words: Set<String>
        var shape: Shape
        var maybe: [Int?]
        var children: [Record]
    }

    @Test("Codable values survive every protocol and mode", arguments: seeds, 0...5)
    func codable(seed: UInt64, version: Int) throws {
        var random = RandomValues(seed: seed)
        for _ in 0..<20 {
            let record = random.record(depth: 3)
            for mode in Self.modes {
                for form in [PickleEncoder.NumericArrayForm.packed, .list] {
                    var encoder = PickleEncoder()
                    encoder.protocolVersion = version
                    encoder.mode = mode
                    encoder.numericArrays = form
                    let bytes = try encoder.encode(record)
                    let again = try PickleDecoder().decode(Record.self, from: bytes)
                    #expect(again == record, "seed \(seed), protocol \(version), \(mode), \(form)")
                }
            }
        }
    }

    @Test("Codable values survive Python", .tags(.python), .requiresPython, arguments: seeds, 4...5)
    func codableThroughPython(seed: UInt64, version: Int) throws {
        var random = RandomValues(seed: seed)
        let records = (0..<20).map { _ in random.record(depth: 3) }
        for mode in Self.modes {
            var encoder = PickleEncoder()
            encoder.protocolVersion = version
            encoder.mode = mode
            let answers = try Fixtures.roundTrip(records.map { try encoder.encode($0) }, protocolVersion: version)
            for (record, answer) in zip(records, answers) {
                let again = try PickleDecoder().decode(Record.self, from: answer.pickle)
                #expect(again == record, "seed \(seed), protocol \(version), \(mode)")
            }
        }
    }
}

/// Makes random values; the same for the same seed.
struct RandomValues {
    private var generator: SeededGenerator
    var hasBytes = true
    var hasByteArrays = true
    var hasCycles = true
    /// How many elements a set has at most; 0 for no sets.
    var largestSet = 4

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// A plain value of any kind.
    mutating func value(depth: Int = 4) -> PickleValue {
        switch number(0...(depth > 0 ? 17 : 9)) {
        case 0: return .none
        case 1: return PickleValue(number(0...1) == 1)
        case 2, 3: return PickleValue(integer())
        case 4: return wideInteger()
        case 5: return PickleValue(float())
        case 6, 7: return PickleValue(text())
        case 8: return hasBytes ? PickleValue(bytes: bytes()) : PickleValue(text())
        case 9: return hasByteArrays ? byteArray() : PickleValue(float())
        case 10, 11: return PickleValue(list: items(depth))
        case 12, 13: return PickleValue(tuple: items(depth))
        case 14, 15:
            let count = length()
            let inner = count > 10 ? 0 : depth - 1
            return PickleValue(dict: (0..<count).map { _ in (key(inner), value(depth: inner)) })
        case 16: return shared(depth)
        default: return largestSet > 0 ? set(depth) : PickleValue(list: items(depth))
        }
    }

    private mutating func length() -> Int {
        // Mostly few; now and then about a batch of a thousand.
        switch number(0...60) {
        case 0: number(998...1_002)
        case 1: number(1_999...2_001)
        default: number(0...5)
        }
    }

    private mutating func items(_ depth: Int) -> [PickleValue] {
        let count = length()
        return (0..<count).map { _ in value(depth: count > 10 ? 0 : depth - 1) }
    }

    mutating func integer() -> Int {
        let edges = [0, 1, 255, 256, 65_535, 65_536, -1, Int(Int32.max), Int(Int32.min), Int.max, Int.min]
        if number(0...2) == 0 { return edges[number(0...(edges.count - 1))] }
        return Int(truncatingIfNeeded: generator.next()) >> number(0...63)
    }

    /// An int of up to 300 bytes.
    private mutating func wideInteger() -> PickleValue {
        let length = [1, 8, 9, 16, 254, 255, 256, 300][number(0...7)]
        var bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        if number(0...3) == 0 { bytes = [UInt8](repeating: number(0...1) == 0 ? 0 : 0xFF, count: length) }
        let count = UInt32(length)
        let head: [UInt8] = [0x8B] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        return read(head + bytes)
    }

    mutating func float() -> Double {
        let edges = [
            0, -0.0, .infinity, -.infinity, 1e16, 1e15, 1e-5, 1e-4, Double.leastNonzeroMagnitude,
            1.7976931348623157e308, 0.1,
        ]
        if number(0...1) == 0 { return edges[number(0...(edges.count - 1))] }
        let value = Double(bitPattern: generator.next())
        return value.isNaN ? 0.5 : value
    }

    mutating func text() -> String {
        let parts = [
            "", "a", "é", "e\u{301}", "😀", "\n", "\\", "\\u0041", "\u{0}", "\r", "\u{1A}", "'", "ÿ", "Ā", "\u{7F}",
        ]
        switch number(0...20) {
        case 0: return String(repeating: "x", count: number(254...257))
        case 1: return String(repeating: "é", count: 128)
        case 2: return number(0...30) == 0 ? String(repeating: "y", count: number(65_530...65_540)) : "y"
        default: return (0..<number(0...4)).map { _ in parts[number(0...(parts.count - 1))] }.joined()
        }
    }

    mutating func bytes() -> [UInt8] {
        let count = number(0...20) == 0 ? number(254...257) : number(0...5)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    private mutating func byteArray() -> PickleValue {
        let content = bytes()
        let count = UInt64(content.count)
        return read([0x96] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + content)
    }

    /// One object in several places; or a list, tuple or dict that holds itself.
    private mutating func shared(_ depth: Int) -> PickleValue {
        switch hasCycles ? number(0...5) : 5 {
        case 0: return read([0x5D, 0x94, 0x68, 0x00, 0x61])  // ] memo, get, append
        case 1: return read([0x5D, 0x94, 0x68, 0x00, 0x85, 0x94, 0x61, 0x30, 0x68, 0x01])  // the tuple in its list
        case 2: return read([0x7D, 0x94, 0x4B, 0x01, 0x68, 0x00, 0x73])
        default: return read([0x28] + opcodes(value(depth: depth - 1)) + [0x32, 0x32, 0x86, 0x6C])  // [x, (x, x)]
        }
    }

    /// A set, frozen or not.
    private mutating func set(_ depth: Int) -> PickleValue {
        let elements = (0..<number(0...largestSet)).flatMap { _ in opcodes(key(depth - 1)) }
        return number(0...1) == 0 ? read([0x8F, 0x28] + elements + [0x90]) : read([0x28] + elements + [0x91])
    }

    /// The opcodes that make a value, for use in a larger stream.
    private func opcodes(_ value: PickleValue) -> [UInt8] {
        do {
            return try value.encoded(protocolVersion: 5)[2...].dropLast()
        } catch {
            Issue.record("a random value cannot be written: \(error)")
            return [0x4E]
        }
    }

    private mutating func key(_ depth: Int) -> PickleValue {
        switch number(0...6) {
        case 0: return .none
        case 1: return PickleValue(number(0...1) == 1)
        case 2, 3: return PickleValue(integer())
        case 4: return PickleValue(float())
        case 5: return depth > 0 ? PickleValue(tuple: [PickleValue(integer()), PickleValue(text())]) : .none
        default: return PickleValue(text())
        }
    }

    /// The value of opcodes without header and STOP.
    private func read(_ body: [UInt8]) -> PickleValue {
        do {
            return try PickleDocument(decoding: body + [0x2E]).root
        } catch {
            Issue.record("a random value cannot be made: \(error)")
            return .none
        }
    }

    mutating func record(depth: Int) -> RoundTripTests.Record {
        var record = RoundTripTests.Record(
            id: integer(), wide: generator.next(), name: text(), ratio: float(), flag: number(0...1) == 0,
            data: Data(bytes()), numbers: [], floats: [], table: [:], byNumber: [:], words: [], shape: .none, maybe: [],
            children: [])
        for _ in 0..<number(0...5) {
            record.numbers.append(integer())
            record.floats.append(Float(number(-1_000...1_000)) / 8)
            record.table[text()] = float()
            record.byNumber[integer()] = text()
            record.words.insert(text())
            record.maybe.append(number(0...1) == 0 ? nil : integer())
            if depth > 0, number(0...2) == 0 {
                record.children.append(self.record(depth: depth - 1))
            }
        }
        switch number(0...2) {
        case 0: record.shape = .circle(radius: float())
        case 1: record.shape = .named(text(), integer())
        default: break
        }
        return record
    }
}
