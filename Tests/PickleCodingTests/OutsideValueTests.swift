import PickleCoding
import Synchronization
import TestSupport
import Testing

@Suite("Values outside the pickle are the caller's business", .paced)
struct OutsideValueTests {
    /// Counts the questions a resolver is asked.
    private final class Counter: Sendable {
        let value = Atomic(0)
        func increment() { value.add(1, ordering: .relaxed) }
        var count: Int { value.load(ordering: .relaxed) }
    }

    private func options(_ resolver: @escaping PickleReadingOptions.PersistentIDResolver) -> PickleReadingOptions {
        var options = PickleReadingOptions()
        options.persistentIDs = resolver
        return options
    }

    @Test("a resolver puts a value in the place of a persistent id")
    func value() throws {
        // ("x" by PERSID, (1, "y") by BINPERSID)
        let bytes = Fixtures.bytes("28 50 78 0a 4b 01 8c 01 79 86 51 74 2e")
        let document = try PickleDocument(
            decoding: bytes,
            options: options { id in
                if let text = id.stringValue { return .value(["text": PickleValue(text)]) }
                return .value(PickleValue(bytes: [UInt8](repeating: 7, count: id[0]?.intValue ?? 0)))
            })
        #expect(try document.root.json() == "{\"tuple\":[{\"dict\":[[\"text\",\"x\"]]},{\"bytes\":\"Bw==\"}]}")
        // What is written holds the values and needs no resolver.
        let again = try PickleDocument(decoding: document.root.encoded(protocolVersion: 0))
        #expect(try again.root.json() == document.root.json())
    }

    @Test("one value returned for two ids is one object, and can be a key")
    func identity() throws {
        let list: PickleValue = [1, 2]
        let bytes = Fixtures.bytes("28 50 61 0a 50 62 0a 50 63 0a 74 2e")
        let document = try PickleDocument(
            decoding: bytes, options: options { id in id.stringValue == "c" ? .value([1, 2]) : .value(list) })
        #expect(
            try document.root.json() == "{\"tuple\":[{\"def\":1,\"value\":[1,2]},{\"ref\":1},[1,2]]}")
        let key = try PickleDocument(
            decoding: Fixtures.bytes("7d 50 61 0a 4e 73 2e"), options: options { _ in .value(PickleValue(tuple: [1])) })
        #expect(try key.root.json() == "{\"dict\":[[{\"tuple\":[1]},null]]}")
        #expect(throws: PickleError.self) {
            try PickleDocument(decoding: Fixtures.bytes("7d 50 61 0a 4e 73 2e"), options: options { _ in .value(list) })
        }
    }

    @Test("an id that stays inert is written back as it was")
    func inert() throws {
        let bytes = Fixtures.bytes("80 04 4b 07 51 2e")
        let document = try PickleDocument(decoding: bytes, options: options { _ in .inert })
        #expect(document.root.persistentID?.intValue == 7)
        #expect(try document.root.encoded() == bytes)
    }

    struct Unknown: Error, CustomStringConvertible {
        var description: String { "no such tensor" }
    }

    @Test("a refusal names offset, opcode, the id and the reason", arguments: [true, false])
    func refused(throwing: Bool) {
        let bytes = Fixtures.bytes("80 02 4b 07 51 2e")
        do {
            _ = try PickleDocument(
                decoding: bytes,
                options: options { _ in
                    if throwing { throw Unknown() }
                    return .refused("no such tensor")
                })
            Issue.record("the pickle was accepted")
        } catch {
            #expect(error.code == .persistentID)
            #expect(error.offset == 4)
            #expect(error.opcode == 0x51)
            #expect(
                error.description
                    == "persistentId offset 4: BINPERSID: the resolver of persistent ids refuses int 7: no such tensor")
        }
    }

    @Test("errors of the decoder name the byte without asking the resolver again")
    func offsets() throws {
        let counter = Counter()
        let document = try PickleDocument(
            decoding: Fixtures.bytes("7d 8c 01 61 50 78 0a 73 8c 01 62 4b 05 73 2e"),
            options: options { _ in
                counter.increment()
                return counter.count == 1 ? .value([[1, 2], [3]]) : .inert
            })
        struct Pair: Decodable {
            var a: [[Int]]
            var b: String
        }
        do {
            _ = try PickleDecoder().decode(Pair.self, from: document.root)
            Issue.record("decoding should fail")
        } catch let DecodingError.typeMismatch(_, context) {
            #expect(context.debugDescription == "expected String at b, found int 5 (byte 11)")
        }
        #expect(counter.count == 1)
    }

    @Test("ids that share a large part are shown in linear time, or refused")
    func sharedParts() {
        var bytes: [UInt8] = [0x28] + [UInt8](repeating: 0x4E, count: 10_000) + [0x74, 0x94, 0x30]
        for _ in 0..<10_000 { bytes += [0x68, 0x00, 0x85, 0x51, 0x30] }
        bytes += [0x4E, 0x2E]
        do {
            _ = try PickleDocument(decoding: bytes, options: options { _ in .inert })
            Issue.record("the pickle was accepted")
        } catch {
            #expect(error.code == .limitExceeded)
        }
    }

    @Test("extension codes are looked up in the table, then asked for, once each")
    func extensions() throws {
        let counter = Counter()
        var options = PickleReadingOptions()
        options.extensions = [1: PickleName(module: "table", name: "One")]
        options.extensionNames = { code in
            counter.increment()
            return code < 1_000 ? PickleName(module: "asked", name: "N\(code)") : nil
        }
        // EXT1 1, EXT1 2, EXT1 2, EXT2 300
        let document = try PickleDocument(
            decoding: Fixtures.bytes("28 82 01 82 02 82 02 83 2c 01 74 2e"), options: options)
        let names = (document.root.items ?? []).compactMap { $0.global?.module }
        #expect(names == ["table", "asked", "asked", "asked"])
        #expect(counter.count == 2)
        do {
            _ = try PickleDocument(decoding: Fixtures.bytes("4e 84 00 10 00 00 2e"), options: options)
            Issue.record("the pickle was accepted")
        } catch {
            #expect(error.code == .badExtension)
            #expect(error.description == "badExtension offset 1: EXT4: extension code 4096 is not registered")
        }
        // The allow-list counts for these names as well.
        options.allowedGlobals = [PickleName(module: "table", name: "One")]
        #expect(throws: Never.self) { try PickleDocument(decoding: Fixtures.bytes("82 01 2e"), options: options) }
        #expect(throws: PickleError.self) { try PickleDocument(decoding: Fixtures.bytes("82 02 2e"), options: options) }
    }

    // MARK: Names

    @Test("a strict reader refuses names that neither the library nor the registry knows")
    func strict() throws {
        var registry = PickleRegistry()
        registry.register(module: "shapes", name: "Circle") { $0.arguments?.first?.intValue ?? 0 }
        let options = PickleReadingOptions.strict(registry)
        let known = try #require(Fixtures.golden.first { $0.expression.hasPrefix("datetime.datetime(2024, 2") })
        #expect(throws: Never.self) { try PickleDocument(decoding: known.bytes, options: options) }
        let circle = try PickleDocument(decoding: Array("cshapes\nCircle\n(I7\ntR.".utf8), options: options).root
        #expect(try registry.make(circle) as? Int == 7)
        do {
            _ = try PickleDocument(decoding: Array("Nc__builtin__\neval\n.".utf8), options: options)
            Issue.record("the pickle was accepted")
        } catch {
            #expect(error.code == .forbiddenGlobal)
            #expect(error.offset == 1)
            #expect(error.opcode == 0x63)
            #expect(error.message.contains("builtins.eval"))
        }
        // Plain data only: not even the library's names.
        var plain = PickleReadingOptions()
        plain.allowedGlobals = []
        #expect(throws: PickleError.self) { try PickleDocument(decoding: known.bytes, options: plain) }
    }

    @Test(
        "what is not resolved is written back byte for byte",
        arguments: Fixtures.golden.filter { !$0.plain })
    func writtenBack(golden: GoldenPickle) throws {
        let document = try PickleDocument(decoding: golden.bytes, options: .inert)
        let written = try document.root.encoded(protocolVersion: golden.protocolVersion, mode: .cpython)
        #expect(written == golden.bytes)
    }
}
