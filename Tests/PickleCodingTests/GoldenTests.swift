import PickleCoding
import TestSupport
import Testing

@Suite("Golden pickles of CPython", .paced)
struct GoldenTests {
    @Test("every golden pickle is read as the value it was made from", arguments: Fixtures.golden)
    func reading(golden: GoldenPickle) throws {
        let document = try PickleDocument(decoding: golden.bytes)
        #expect(document.endOffset == golden.bytes.count)
        if let json = golden.json { #expect(try document.root.json() == json) }
    }

    @Test("a plain value is written with the very bytes of CPython", arguments: Fixtures.golden.filter(\.plain))
    func sameBytes(golden: GoldenPickle) throws {
        let document = try PickleDocument(decoding: golden.bytes)
        let written = try document.root.encoded(protocolVersion: golden.protocolVersion, mode: .cpython)
        #expect(written == golden.bytes)
    }

    @Test("a value survives every protocol", arguments: Fixtures.golden.filter { $0.protocolVersion == 4 })
    func everyProtocol(golden: GoldenPickle) throws {
        let value = try PickleDocument(decoding: golden.bytes).root
        let json = try value.json()
        for version in 0...5 {
            for mode in [PickleMode.compact, .cpython] {
                let written = try value.encoded(protocolVersion: version, mode: mode)
                #expect(try PickleDocument(decoding: written).root.json() == json, "protocol \(version), \(mode)")
            }
        }
    }

    @Test("every prefix of a pickle is refused", arguments: Fixtures.golden.filter { $0.bytes.count < 300 })
    func prefixes(golden: GoldenPickle) throws {
        for length in 0..<golden.bytes.count {
            let prefix = Array(golden.bytes[..<length])
            #expect(throws: PickleError.self) { try PickleDocument(decoding: prefix) }
        }
    }

    @Test(
        "Python loads what is written, with a loader that forbids globals", .tags(.python), .requiresPython,
        arguments: 0...5)
    func loadedByPython(version: Int) throws {
        let plain = Fixtures.golden.filter { $0.plain && $0.protocolVersion == 4 && $0.json != nil }
        for mode in [PickleMode.compact, .cpython] {
            let pickles = try plain.map {
                try PickleDocument(decoding: $0.bytes).root.encoded(protocolVersion: version, mode: mode)
            }
            let lines = try Fixtures.verify(pickles, protocolVersion: version)
            #expect(lines.count == plain.count)
            for (line, golden) in zip(lines, plain) {
                #expect(line == golden.json, "\(golden.expression), \(mode)")
            }
        }
    }

    @Test("mutated pickles are read or refused, never more")
    func mutation() {
        var generator = SeededGenerator(seed: 20_240_229)
        let pool = Fixtures.golden.map(\.bytes).filter { $0.count < 2_000 }
        var refused = 0
        let rounds = Thoroughness.count(few: 8_000, many: 50_000)
        for _ in 0..<rounds {
            guard var bytes = pool.randomElement(using: &generator) else { return }
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
                default: bytes.replaceSubrange(place..., with: pool[0])
                }
            }
            do {
                let value = try PickleDocument(decoding: bytes).root
                let json = try value.json()
                let again = try PickleDocument(decoding: try value.encoded(protocolVersion: 5)).root
                #expect(try again.json() == json)
            } catch {
                refused += 1
            }
        }
        #expect(refused > rounds / 2)
    }
}
