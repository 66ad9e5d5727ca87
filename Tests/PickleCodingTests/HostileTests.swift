import PickleCoding
import TestSupport
import Testing

@Suite("Hostile input is refused or read in linear time and memory", .paced)
struct HostileTests {
    private func outcome(_ bytes: [UInt8]) -> PickleError.Code? {
        do {
            let document = try PickleDocument(decoding: bytes)
            _ = try document.root.canonicalJSON()
            _ = document.root.description
            _ = try document.root.encoded(protocolVersion: 4)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("nesting of a thousand levels is read, printed and written", arguments: [1_000, 9_000])
    func nesting(depth: Int) {
        let lists = [UInt8](repeating: 0x5D, count: depth) + [UInt8](repeating: 0x61, count: depth - 1) + [0x2E]
        #expect(outcome(lists) == nil)
        let tuples = [0x4E] + [UInt8](repeating: 0x85, count: depth) + [0x2E]
        #expect(outcome(tuples) == nil)
    }

    @Test("nesting of a million levels is refused, and released without a crash")
    func deepNesting() {
        let count = 1_000_000
        #expect(
            outcome([UInt8](repeating: 0x5D, count: count) + [UInt8](repeating: 0x61, count: count - 1) + [0x2E])
                == .limitExceeded)
        #expect(outcome([0x4E] + [UInt8](repeating: 0x85, count: count) + [0x2E]) == .limitExceeded)
        #expect(outcome([UInt8](repeating: 0x28, count: count) + [0x2E]) == .stackUnderflow)
        let calls = Array("ca\nb\n".utf8) + Array(repeating: [UInt8(0x29), 0x52], count: 300_000).joined() + [0x2E]
        #expect(outcome(calls) == .limitExceeded)
    }

    @Test("nesting built from the outside in is refused as well")
    func outsideIn() {
        // ] q0 and then: ] q1 a 0 h1 … with a stack of two entries throughout.
        var bytes: [UInt8] = [0x5D, 0x94, 0x32]
        for _ in 0..<50_000 { bytes += [0x5D, 0x32, 0x70, 0x31, 0x0A, 0x30, 0x61, 0x30, 0x67, 0x31, 0x0A] }
        bytes += [0x30, 0x68, 0x00, 0x2E]
        #expect(outcome(bytes) == .limitExceeded)
    }

    @Test("a billion laughs stay small")
    func laughs() throws {
        var bytes: [UInt8] = [0x28, 0x8C, 0x03, 0x6C, 0x6F, 0x6C]
        bytes += [0x6C]
        for _ in 0..<60 { bytes = [0x28] + bytes + [0x32, 0x32, 0x32, 0x32, 0x6C] }
        bytes.append(0x2E)
        let document = try PickleDocument(decoding: bytes)
        #expect(try document.root.canonicalJSON().count < 10_000)
        #expect(document.root.description.utf8.count < 100_000)
        #expect(throws: DecodingError.self) {
            var decoder = PickleDecoder()
            decoder.maximumValues = 100_000
            _ = try decoder.decode(Nested.self, from: document.root)
        }
    }

    struct Nested: Decodable {
        init(from decoder: any Decoder) throws {
            guard var items = try? decoder.unkeyedContainer() else { return }
            while !items.isAtEnd { _ = try items.decode(Nested.self) }
        }
    }

    @Test("tuples shared sixty deep are compared and hashed in linear time")
    func hashBomb() throws {
        func bomb() -> [UInt8] { [0x8C, 0x01, 0x61] + Array(repeating: [UInt8(0x32), 0x86], count: 60).joined() }
        let bytes = [0x7D] + bomb() + [0x4B, 0x01, 0x73] + bomb() + [0x4B, 0x02, 0x73, 0x2E]
        let document = try PickleDocument(decoding: bytes)
        #expect(document.root.count == 1)
        #expect(document.root.pairs?.first?.value.intValue == 2)
    }

    @Test("large memo indices take no memory")
    func memoIndices() throws {
        #expect(outcome([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0xFF, 0x6A, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E]) == nil)
        #expect(outcome([0x4E] + Array("p999999999999\n".utf8) + Array("g999999999999\n.".utf8)) == nil)
        #expect(outcome([0x4E] + Array("p99999999999999999999999\n.".utf8)) == .limitExceeded)
    }

    @Test("calls that ask for memory stay records")
    func allocations() throws {
        for text in [
            "c__builtin__\nbytearray\n(L1000000000000L\ntR.", "c__builtin__\nbytes\n(L1000000000000L\ntR.",
            "cfractions\nFraction\n(V1e999999999\ntR.",
        ] {
            #expect(try PickleDocument(decoding: Array(text.utf8)).root.kind == .reduce)
        }
        let range = try PickleDocument(decoding: Array("c__builtin__\nxrange\n(L1152921504606846976L\ntR.".utf8))
        #expect(range.root.kind == .range)
    }

    @Test("copies of shared arguments are bounded")
    func copies() {
        var bytes: [UInt8] = [0x28] + [UInt8](repeating: 0x4E, count: 1_000) + [0x6C, 0x71, 0x00, 0x30]
        bytes += Array("cbuiltins\nset\n".utf8) + [0x71, 0x01, 0x30]
        for _ in 0..<5_000 { bytes += [0x68, 0x01, 0x68, 0x00, 0x85, 0x52, 0x30] }
        bytes += [0x4E, 0x2E]
        #expect(outcome(bytes) == .limitExceeded)
    }

    @Test("long integers in text are bounded")
    func digits() {
        func number(_ count: Int) -> [UInt8] { [0x4C] + [UInt8](repeating: 0x39, count: count) + [0x4C, 0x0A, 0x2E] }
        #expect(outcome(number(4_300)) == nil)
        #expect(outcome(number(4_301)) == .limitExceeded)
    }

    @Test("BUILD and attribute chains reach nothing")
    func attributes() throws {
        let chain = "cbuiltins\ngetattr\n(cos\npath\nVsystem\ntR."
        #expect(try PickleDocument(decoding: Array(chain.utf8)).root.json() == "{\"global\":[\"os\",\"path.system\"]}")
        #expect(outcome(Array("cos\nsystem\n}b.".utf8)) == .typeMismatch)
    }

    @Test("random bytes are an error or a value")
    func random() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<Thoroughness.count(few: 10_000, many: 50_000) {
            let bytes = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            _ = outcome(bytes)
        }
    }
}
